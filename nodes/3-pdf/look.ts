// The look of the report: colours, sizes, distances (points).
import type { Style } from './sheet.ts';

export const COLOR = {
  ink: '#1b2733', muted: '#566573', accent: '#0b5563', tint: '#eff5f6', rule: '#c9d6da', white: '#ffffff',
  emergent: '#a61b1b', urgent: '#a34f00', mark: '#1b2733',
};

const regular = (size: number, color: string): Style => ({ face: 'regular', size, color });
const bold = (size: number, color: string): Style => ({ face: 'bold', size, color });

export const STYLE = {
  title: bold(19, COLOR.accent),
  sender: regular(10, COLOR.muted),
  banner: bold(11.5, COLOR.white),
  mark: bold(8.5, COLOR.white),
  name: bold(14.5, COLOR.ink),
  label: regular(7.5, COLOR.muted),
  value: bold(9.5, COLOR.ink),
  body: regular(9.5, COLOR.ink),
  strong: bold(10.5, COLOR.ink),
  heading: bold(9.5, COLOR.accent),
  eye: bold(10, COLOR.white),
  quiet: regular(8.5, COLOR.muted),
  footer: regular(7.5, COLOR.muted),
};

export const LEADING = 1.38;
export const GAP = 11;
export const PAD = 9;
