// An explanation as a page for a terminal.
import type { Warning } from '../../0-order/model.ts';
import { sentence } from '../../errors.ts';
import type { CandidateExplanation, Explanation, MessageFate } from './explanation.ts';

const SAYS = {
  message: 'message', order: 'order', policy: 'policy', nobody: 'Nobody is named.', notUsed: 'not used', lookUp: 'directory',
  certificate: 'certificate', account: 'account', fee: 'fee', warning: 'warning', report: 'report', document: 'document',
  deadline: 'notifications within', minutes: 'minutes',
} as const;

const line = (name: string, words: readonly (string | null | undefined)[]): string[] => {
  const said = words.filter((word) => word !== null && word !== undefined && word !== '');
  return said.length === 0 ? [] : [`    ${name}: ${said.join('  ')}`];
};

const warningLines = (warnings: readonly Warning[]): string[] =>
  warnings.map(({ code, path, text }) => `    ${SAYS.warning}: ${code}  ${path ?? ''}  ${text}`);

const candidateLines = (candidate: CandidateExplanation): string[] => {
  const { level, source, state, code, address, npi, why, lookUp, certificate, account, deadlineMinutes, fee, warnings } = candidate;
  const who = address ?? (npi === null ? '' : `NPI ${npi}`);
  return [
    `${level}  ${source}  ${who}  ${state ?? SAYS.notUsed}${code === null ? '' : ` ${code}`}`.replace(/ {3,}/g, '  '),
    `    ${why}`,
    ...(lookUp === null ? [] : line(SAYS.lookUp, [lookUp.outcome, lookUp.row === null ? null : `row ${lookUp.row}`, lookUp.release])),
    ...(certificate.verdict === 'not asked' ? [] : line(SAYS.certificate, [certificate.verdict, certificate.anchor])),
    ...line(SAYS.account, [account, deadlineMinutes === null ? null : `${SAYS.deadline} ${deadlineMinutes} ${SAYS.minutes}`]),
    ...(fee === null ? [] : line(SAYS.fee, [fee.kind, fee.amount, fee.currency])),
    ...warningLines(warnings),
  ];
};

const fateLine = ({ state, code, why }: MessageFate): string =>
  `${SAYS.message}: ${[state, code, why ?? (code === null ? null : sentence(code))].filter((word) => word !== null).join('  ')}`;

export const explanationText = ({ message, order, organization, policy, candidates, report, documents }: Explanation): string => [
  fateLine(message),
  ...(order === null ? [] : [`${SAYS.order}: ${order}  ${organization?.name ?? organization?.clientGuid ?? ''}`]),
  ...(policy === null ? [] : [`${SAYS.policy}: ${policy}`]),
  ...(candidates.length === 0 && policy !== null ? [SAYS.nobody] : candidates.flatMap(candidateLines)),
  ...(report === null ? [] : [`${SAYS.report}: ${report.source}`, ...warningLines(report.warnings)]),
  ...documents.flatMap(({ profile, warnings }) => [`${SAYS.document}: ${profile}`, ...warningLines(warnings)]),
].join('\n');
