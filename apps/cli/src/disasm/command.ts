export const disasm = async (): Promise<number> => 0;
