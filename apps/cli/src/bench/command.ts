export const bench = async (): Promise<number> => 0;
