import type { Node, NodeAPI, NodeDef } from 'node-red';
import { refusalOf } from '../errors.ts';
import { statusOf } from '../stage.ts';
import type { Directory } from './directory.ts';
import { directoryCells, writeDirectoryCsv } from './directory-rows.ts';
import { directoryFile, directoryList } from './directory-source.ts';

interface DirectoryDef extends NodeDef { file: string; rows: unknown }

/** What config nodes of type `direct-directory` offer. */
export interface DirectoryNode extends Node {
  /** The directory as it is now; undefined when the node names none. Never rejects: see `Directory.problem`. */
  open(): Promise<Directory | undefined>;
}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-directory', function (this: DirectoryNode, def: DirectoryDef) {
    RED.nodes.createNode(this, def);
    const show = statusOf(this);
    const open = def.file ? directoryFile(def.file) : directoryList(def.rows ?? []);
    let told: Directory | undefined;
    const tell = (directory: Directory | undefined): void => {
      show(directory?.problem ? { fill: 'red', shape: 'ring', text: directory.problem.code } : {});
      if (directory?.problem && directory.problem.message !== told?.problem?.message) this.error(directory.problem.message);
      const [reject] = directory?.rejects ?? [];
      if (reject && directory?.release !== told?.release) {
        this.warn(RED._('directory-config.status.rejects', { count: directory!.rejects.length, line: reject.line, code: reject.code }));
      }
      told = directory;
    };
    this.open = async () => {
      const directory = await open();
      tell(directory);
      return directory;
    };
    void this.open();
  });

  // The form's import and export: one reader for pasted text, files and rows.
  RED.httpAdmin.post('/direct/directory/parse', RED.auth.needsPermission('direct.read'), (request, response) => {
    try {
      const { text, rows } = request.body as { text?: string; rows?: unknown };
      const { cells, rejects } = directoryCells(typeof text === 'string' ? text : JSON.stringify(rows) ?? '');
      response.json({ rows: cells, csv: writeDirectoryCsv(cells), rejects });
    } catch (error) {
      response.status(400).json(refusalOf(error));
    }
  });
};
