/** What `modprobe.d` says, in the order in which it was read. Names are normalized (underscores). */
export interface ModprobeConfig {
  readonly aliases: readonly { readonly pattern: string; readonly module: string }[];
  readonly options: readonly { readonly module: string; readonly options: string }[];
  readonly blacklist: readonly string[];
  /** `pattern` may have wildcards. */
  readonly softDependencies: readonly SoftDependencies[];
  readonly installCommands: readonly { readonly pattern: string; readonly command: string }[];
  readonly removeCommands: readonly { readonly pattern: string; readonly command: string }[];
}

export interface SoftDependencies {
  readonly pattern: string;
  readonly pre: readonly string[];
  readonly post: readonly string[];
}
