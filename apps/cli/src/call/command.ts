export const call = async (): Promise<number> => 0;
