import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchPackage, run } from "../packages";
import type { Program } from "../programs";
import { withCorebootTable } from "./coreboot-table";

const MEMORY = 128;

/** GRUB's own tests, the commands that they need, and a terminal on COM1. The test of sleeping would take minutes. */
const modules = [
  ..."normal memdisk tar serial terminal echo lsmmap cpuid date halt functional_test".split(" "),
  ..."bswap_test cmp_test ctz_test div_test mul_test setjmp_test shift_test strtoull_test".split(" "),
  ..."pbkdf2_test xnu_uuid_test xnu_uuid".split(" "),
  ..."signature_test gcry_md5 gcry_sha1 gcry_sha256 gcry_sha512 gcry_rsa gcry_dsa".split(" "),
];

const configuration = `serial --unit=0 --speed=115200
terminal_output serial
terminal_input serial
lsmmap
cpuid -l
echo long mode: $?
functional_test
date
halt
`;

/**
 * GRUB as coreboot starts it: a Multiboot header, and its memory map in coreboot's table. It tests itself and switches
 * off. (QEMU puts Multiboot's information over its first page.)
 */
export const grub: Program = {
  name: "grub",
  memory: MEMORY,
  append: "",
  fuel: 30e9,
  lastLine: /(ALL TESTS PASSED|TEST FAILURE)[\s\S]*\d\d:\d\d:\d\d/,
  expected: ["available RAM", "long mode: 0", "div_test: PASS", "signature_test: PASS", "ALL TESTS PASSED"],
  ofTheComputer: [],
  prepare(packages, scratch) {
    const tools = fetchPackage("grub-common", packages);
    const libraries = join(fetchPackage("libdevmapper1.02.1", packages), "lib/x86_64-linux-gnu");
    const folder = join(fetchPackage("grub-coreboot-bin", packages), "usr/lib/grub/i386-coreboot");
    mkdirSync(join(scratch, "disk/boot/grub"), { recursive: true });
    writeFileSync(join(scratch, "disk/boot/grub/grub.cfg"), configuration);
    run("tar", ["-C", "disk", "-cf", "disk.tar", "boot"], scratch);
    run(
      join(tools, "usr/bin/grub-mkimage"),
      [
        ...["-d", folder, "-O", "i386-coreboot", "-p", "(memdisk)/boot/grub", "-m", "disk.tar", "-o", "grub.elf"],
        ...modules,
      ],
      scratch,
      { LD_LIBRARY_PATH: libraries },
    );
    const kernel = join(scratch, "grub");
    writeFileSync(kernel, withCorebootTable(readFileSync(join(scratch, "grub.elf")), MEMORY * 2 ** 20));
    return [{ kernel, modules: [], cpus: 1 }];
  },
};
