/** What `lcd <tool> --help` adds to the tool's own help. */
export const toolHelp = {
  lsmod: `Usage:
  lcd lsmod [--json]

Lists the modules that are loaded in a host that LCD emulates: name, size in bytes, how many use it, which modules do.
As a command of its own it has nothing to list, because the host lives as long as the command; in lcd host it does.

Examples:
  lcd lsmod                                    the columns, and no modules
  lcd host -c "modprobe asker; lsmod"          load modules, then list them
  lcd host -c "modprobe asker; lsmod --json"   for a program
`,
  rmmod: `
Modules are taken out of a host that LCD emulates and that lives as long as the command: see lcd host. A domain that has
a module counts as one user of it. -w waits until the last domain is gone, -f destroys the domains.

Examples:
  lcd rmmod hello                              nothing is loaded yet
  lcd host -c "modprobe asker; rmmod asker; lsmod"
                                               answer, which asker used, stays: modprobe -r would take it out
`,
  modprobe: `
Modules are loaded into a host that LCD emulates and that lives as long as the command (see lcd host); nothing of them
runs. Commands of modprobe.d are refused: lcd host --shell runs them.
Without -d and -S its modules are the examples of LCD. A tree needs a modules.dep: lcd depmod makes it.

Examples:
  lcd modprobe -v asker                        load asker and what it needs; show /proc/modules
  lcd modprobe -D asker                        only say what would be loaded
  lcd modprobe -d /srv/image -S 6.1.0-56-amd64 -v lz4_compress
                                               from a tree of your own: /srv/image/lib/modules/6.1.0-56-amd64
`,
  insmod: `
The module is loaded into a host that LCD emulates and that lives as long as the command (see lcd host); nothing of it
runs.

Examples:
  lcd insmod ./hello.ko                        does it load?
  lcd insmod -v ./params.ko count=3            with a parameter; show the log and /proc/modules
`,
  modinfo: `
Without -b and -k names are those of the examples of LCD; a file is named by its path. A tree whose modules are asked
for by name needs a modules.dep: lcd depmod makes it.

Examples:
  lcd modinfo params                           an example: its license, its parameters and what they are for
  lcd modinfo -F depends ./hello.ko.zst        one field of a file
  lcd modinfo -b /srv/image -k 6.1.0-56-amd64 ext4
                                               of a tree of your own
`,
  depmod: `
Examples:
  lcd depmod -b /srv/image 6.1.0-56-amd64      index /srv/image/lib/modules/6.1.0-56-amd64
  lcd depmod -n -b /srv/image 6.1.0-56-amd64   only print what would be written
`,
} as const;
