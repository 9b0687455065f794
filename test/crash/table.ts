// What a person reads at the end of a run.
import { WINDOWS } from './points.ts';
import type { Report } from './scenario.ts';

const SHOWN = 20;

export const tableOf = (report: Report): string => {
  const { breaches, windows, seconds } = report;
  const rows: [string, string | number][] = [
    ['kills', report.kills],
    ...WINDOWS.map((window): [string, number] => [`  ${window}`, windows[window]]),
    ['  aimed at a point that was not passed in time', report.missed],
    ['inputs acknowledged', report.inputs],
    ['  posted again, for want of an answer', report.postedAgain],
    ['mails that the HISP took', report.mails],
    ['  copies of them', report.copies],
    ['  attempts that a kill cut off', report.cutOff],
    ['ledger lines', report.ledger],
    ['seconds: undisturbed, killed, until rest', [seconds.undisturbed, seconds.kills, seconds.rest].map((figure) => figure.toFixed(0)).join(' + ')],
    ['promises broken', breaches.length],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
    ...breaches.slice(0, SHOWN).map(({ rule, what }) => `  BROKEN (${report.driver}, seed ${report.seed}) ${rule}: ${what}`),
    ...(breaches.length > SHOWN ? [`  and ${breaches.length - SHOWN} more`] : []),
  ].join('\n');
};
