/** What `lcd` tells the shell. */
export const ExitCode = {
  /** It did what was asked; init returned 0. */
  ok: 0,
  /** It could not: init returned an error, a module could not be loaded, a file not be read. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The domain was killed, by a fault or by a limit. */
  killed: 3,
  /** LCD itself is at fault (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** Nobody reads standard output any more: 128 + SIGPIPE, what shells give a process that this has ended. */
  unread: 141,
} as const;
