import { expect, test } from "vitest";
import { makeModule, testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const TREE = "/lib/modules/6.1.0";

async function modprobe(args: string, files: Readonly<Record<string, string | Uint8Array>>) {
  const env = testEnvironment({ [`${TREE}/modules.dep`]: "a.ko:\nb.ko:\n", ...files });
  const code = await lcdModprobe(["modprobe", ...args.split(" ")], env);
  return { code, output: env.output(), errors: env.errors() };
}

test("-R prints the modules that a name leads to, one as often as it has patterns that match", async () => {
  const files = { [`${TREE}/modules.alias`]: "alias net-pf-* a\nalias net-pf-1? a\nalias net-pf-10 b\n" };
  expect((await modprobe("-R net-pf-10", files)).output).toBe("a\na\nb\n");
  const configured = { "/etc/modprobe.d/x.conf": "alias al* a\nalias al1 a\nalias al? b\n" };
  expect((await modprobe("-R al1", configured)).output).toBe("a\na\nb\n");
  expect(await modprobe("-R x", files)).toMatchObject({
    code: 1,
    errors: `modprobe: FATAL: Module x not found in directory ${TREE}\n`,
  });
});

// What modprobe -c of kmod 30 prints for the same files, the missing blank before "post:" too.
test("-c prints the configuration, the kernel's command line and the aliases", async () => {
  const files = {
    "/etc/modprobe.d/x.conf":
      "alias my-alias a\noptions foo a=b  c=d \nblacklist foo-bar\ninstall crc-x /bin/true  a\n" +
      "remove crc_x /bin/false\nsoftdep a pre: b c post: d-e\nsoftdep nothing\ninclude /y\n",
    "/proc/cmdline": 'quiet e-f.g=h "i.j=k l" m.n="o p" bb=c.d modprobe.blacklist=x-1,y a..b=c c.d x.y="open\n',
    [`${TREE}/modules.alias`]: "alias b-1 b\nalias a-* a\n",
    [`${TREE}/modules.symbols`]: "alias symbol:s a\n",
  };
  const { output, errors } = await modprobe("-c", files);
  expect(output).toBe(
    "blacklist foo_bar\nblacklist x-1\nblacklist y\ninstall crc_x /bin/true  a\nremove crc_x /bin/false\n" +
      'alias my_alias a\noptions foo a=b  c=d \noptions e_f g=h\noptions i j="k l"\noptions m n="o p"\n' +
      "options c d\nsoftdep a pre: b cpost: d-e\n" +
      "\n# End of configuration files. Dumping indexes now:\n\nalias a_* a\nalias b_1 b\nalias symbol:s a\n",
  );
  expect(errors).toBe(
    "modprobe: ERROR: /etc/modprobe.d/x.conf line 7: ignoring bad line starting with 'softdep'\n" +
      "modprobe: ERROR: /etc/modprobe.d/x.conf: command include is deprecated and not parsed anymore\n",
  );
});

test("options from the kernel's command line reach the module", async () => {
  const files = { "/etc/modprobe.d/x.conf": "options a x=1\n", "/proc/cmdline": "a.y=2 b.z=3\n" };
  expect((await modprobe("-D a w=0", files)).output).toBe(`insmod ${TREE}/a.ko x=1 y=2 w=0\n`);
});

test("empty words are no parameters before the first one", async () => {
  const env = testEnvironment({ [`${TREE}/modules.dep`]: "a.ko:\n" });
  await lcdModprobe(["modprobe", "-D", "a", "", "x=1", "", "y"], env);
  expect(env.output()).toBe(`insmod ${TREE}/a.ko x=1  y\n`);
});

test("--show-exports and --show-modversions read a file", async () => {
  const files = { "/a.ko": makeModule({ unversionedExports: ["one"] }), "/text": "this is a text, no module" };
  expect((await modprobe("--show-exports /a.ko", files)).output).toBe("0x00000000\tone\n");
  expect((await modprobe("--show-modversions /a.ko", files)).errors).toBe(
    "modprobe: FATAL: could not get modversions of /a.ko: No such file or directory\n",
  );
  expect((await modprobe("--show-exports /text", files)).errors).toMatch(
    /^modprobe: FATAL: could not get symbols of \/text: Exec format error/,
  );
  expect((await modprobe("--show-exports /lib", files)).errors).toBe(
    "modprobe: FATAL: could not get symbols of /lib: Is a directory\n",
  );
  expect((await modprobe("--show-exports /nowhere", files)).errors).toBe(
    "modprobe: FATAL: Module /nowhere not found.\n",
  );
  expect((await modprobe("-a --show-exports /nowhere", files)).errors).toBe(
    "modprobe: WARNING: Module /nowhere not found.\n",
  );
});

test("a damaged binary index is one sentence", async () => {
  const { code, errors } = await modprobe("-D a", { [`${TREE}/modules.dep.bin`]: "nonsense" });
  expect(code).toBe(1);
  expect(errors).toBe(`modprobe: ERROR: ${TREE}/modules.dep.bin is damaged: it is cut short; depmod makes it anew\n`);
});

test("-f takes the versions out of what is handed over", async () => {
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: "a.ko:\n",
    [`${TREE}/a.ko`]: makeModule({ modinfo: ["license=GPL", "vermagic=6.1 SMP", "name=a"] }),
  });
  expect(await lcdModprobe(["modprobe", "-f", "a"], env)).toBe(0);
  const text = new TextDecoder().decode(env.loaded[0]?.image);
  expect(text).toContain(`license=GPL\0${"\0".repeat("vermagic=6.1 SMP".length)}\0name=a\0`);
});
