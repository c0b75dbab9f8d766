import { startExternalServer, type ExternalServer } from "./external-server.ts";

/**
 * All of moto's services on one port. Its account is 123456789012.
 *
 * @param program what `scripts/moto.sh` printed
 */
export const startMoto = (program: string): Promise<ExternalServer> =>
  startExternalServer("moto", program, (port) => ["-H", "127.0.0.1", "-p", String(port)]);
