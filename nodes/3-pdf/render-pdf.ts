import type { Node, NodeAPI, NodeDef } from 'node-red';
import { required, stage } from '../stage.ts';
import { keptReport, type PdfMode, reportFor } from './choose.ts';
import type { PageSize } from './sheet.ts';

interface RenderPdfDef extends NodeDef { mode?: PdfMode; pageSize?: PageSize; imageFolder?: string; imageFolderType?: string }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-render-pdf', function (this: Node, def: RenderPdfDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'render-pdf',
      needs: ['organization', 'order', 'result'],
      alone: RED._('render-pdf.status.alone'),
      run: async (msg, { journal }) => {
        const kept = journal && msg.direct && await keptReport(journal, msg.direct.id);
        if (kept) return [{ ...msg, pdf: kept }, null];
        const folder: unknown = def.imageFolder && RED.util.evaluateNodeProperty(def.imageFolder, def.imageFolderType ?? 'str', this, msg as never);
        const outcome = await reportFor(
          { result: required(msg, 'result'), order: required(msg, 'order'), organization: msg.organization, images: msg.images },
          {
            mode: def.mode ?? 'absent', pageSize: def.pageSize ?? 'letter', imageFolder: String(folder ?? ''),
            logoFolder: RED.settings.userDir ?? '.',
          },
        );
        if (outcome.kind === 'held') {
          if (journal && msg.direct) await journal.stopMessage(msg.direct.id, 'HELD', outcome.code, outcome.why, msg.direct.run);
          return [null, msg];
        }
        if (journal && msg.direct) await journal.saveReport(msg.direct.id, outcome.pdf.data, msg.direct.run);
        return [{ ...msg, pdf: outcome.pdf, ...(outcome.images && { images: outcome.images }) }, null];
      },
    });
  });
};
