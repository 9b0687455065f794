// `direct-courier simulator`: the simulated HISP network as a process of its own.
import { runNetwork } from '../6-hisp/simulator/main.ts';
import type { Command } from './command.ts';

export const simulator: Command = async (args, { cwd }) => await runNetwork(args, cwd);
