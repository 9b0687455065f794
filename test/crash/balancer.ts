// What stands before several instances in an operations room: connections go to whoever listens.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Listens on `port` of this machine and passes each connection on to the first of `targets` that takes it. */
export const startBalancer = async (port: number, targets: number[]): Promise<{ stop(): void }> => {
  const open = new Set<Socket>();
  const passOn = (client: Socket, [target, ...others]: number[]): void => {
    if (target === undefined) return void client.destroy();
    const server = connect(target, '127.0.0.1');
    server.once('error', () => { passOn(client, others); });
    server.once('connect', () => {
      server.removeAllListeners('error');
      server.on('error', () => { client.destroy(); });
      client.on('close', () => { server.destroy(); });
      server.on('close', () => { client.destroy(); });
      client.pipe(server).pipe(client);
    });
  };
  const balancer = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => { client.destroy(); });
    passOn(client, targets);
  }).listen(port, '127.0.0.1');
  await once(balancer, 'listening');
  return {
    stop: () => {
      balancer.close();
      for (const client of open) client.destroy();
    },
  };
};
