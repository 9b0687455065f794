// What a flow is set to do with a result, from resolve route on: read from its nodes, wherever these come from.
import type { DoNotSendEntry } from '../../0-order/do-not-send.ts';
import type { Organization } from '../../0-order/organization.ts';
import { FREE_MAIL_DOMAINS } from '../../1-route/direct-domain.ts';
import type { PolicyChoice } from '../../1-route/policy.ts';
import type { RouteRow } from '../../1-route/route-row.ts';
import type { Directory } from '../../2-npi/directory.ts';
import type { OnMismatch } from '../../2-npi/provider-guard.ts';
import type { PdfMode, PdfSettings } from '../../3-pdf/choose.ts';
import type { PageSize } from '../../3-pdf/sheet.ts';
import type { BuildChoices } from '../../4-cda/build.ts';
import type { TrustStore } from '../../5-smime/trust-store.ts';
import type { ContentCipher, Identity } from '../../5-smime/types.ts';
import type { HispAccount } from '../../6-hisp/types.ts';
import { priceOf } from '../../7-fee/money.ts';
import { NO_PAYERS, type PayerDirectory, priceListOf } from '../../7-fee/prices.ts';
import type { PriceList } from '../../7-fee/rate.ts';
import { CourierError } from '../../errors.ts';
import type { FlowNode } from '../engine.ts';
import { behind } from './wires.ts';

/** `table` throws what is wrong with it. */
export interface RouteTable { table(): RouteRow[]; trustedDomains: string[]; freeMailDomains: string[] }

/** The config nodes of a flow by id; of Node-RED's own, or made from a file. Null: there is none. */
export interface Configs {
  organizations(id: string): PayerDirectory | null;
  routeTable(id: string): RouteTable | null;
  directory(id: string): { open(): Promise<Directory | undefined> } | null;
  trust(id: string): TrustStore | null;
  /** By name where the organization names one, else by id. */
  identity(which: { name: string } | { id: string }): { open(): Promise<Identity> } | null;
  account(which: { name: string } | { id: string }): HispAccount | undefined;
  journal(id: string): { open(): Promise<{ blocked(): Promise<readonly DoNotSendEntry[]> }> } | null;
}

export interface SealSetting { subject: string; attachPdf: boolean; cipher: ContentCipher; identity: string; trust: string; account: string }

/** The stages that a flow has after resolve route, as they are set. Null: the flow has no such stage. */
export interface Setting {
  configs: Configs;
  /** What the order in node takes, and whose orders it joins results to; null: anybody's. */
  entrance: { maxBytes: number; bound: string | null };
  organization: (clientGuid: string) => Organization | undefined;
  doNotSend: () => Promise<readonly DoNotSendEntry[]>;
  table: () => RouteTable;
  policy: PolicyChoice;
  lookUp: { directory: () => Promise<Directory | undefined>; onMismatch: OnMismatch } | null;
  pdf: PdfSettings | null;
  cda: BuildChoices | null;
  seal: SealSetting | null;
  /** Id of the account chosen in HISP send; null: no such stage. */
  account: string | null;
  prices: PriceList | null;
}

const MEGABYTE = 1024 * 1024;

const NO_TABLE: RouteTable = { table: () => [], trustedDomains: [], freeMailDomains: [...FREE_MAIL_DOMAINS] };

const text = (node: FlowNode | undefined, property: string, standard = ''): string => {
  const value = node?.[property];
  return typeof value === 'string' && value !== '' ? value : standard;
};

const pdfOf = (node: FlowNode | undefined): PdfSettings | null => node === undefined ? null : {
  mode: text(node, 'mode', 'absent') as PdfMode, pageSize: text(node, 'pageSize', 'letter') as PageSize,
  imageFolder: text(node, 'imageFolderType', 'str') === 'str' ? text(node, 'imageFolder') : '',
};

const cdaOf = (node: FlowNode | undefined): BuildChoices | null => node === undefined ? null : {
  patientIdentifier: text(node, 'patientIdentifier', 'organization') as BuildChoices['patientIdentifier'],
  documentCode: text(node, 'documentCode'), title: text(node, 'title'), gender: text(node, 'gender', 'birth') as BuildChoices['gender'],
};

const sealOf = (node: FlowNode | undefined): SealSetting | null => node === undefined ? null : {
  subject: text(node, 'subject'), attachPdf: node['attachPdf'] === true, cipher: text(node, 'cipher', 'aes-256-cbc') as ContentCipher,
  identity: text(node, 'identity'), trust: text(node, 'trust'), account: text(node, 'account'),
};

const pricesOf = (node: FlowNode | undefined, configs: Configs): PriceList | null => {
  if (node === undefined) return null;
  const payers = text(node, 'organizations') === '' ? NO_PAYERS : configs.organizations(text(node, 'organizations'));
  const currency = text(node, 'currency', 'USD');
  return priceListOf(payers, priceOf(text(node, 'price', '0.25'), currency), priceOf(text(node, 'testPrice', '0.00'), currency));
};

/**
 * The setting of the flow around one resolve route node, or around the first one. Its organizations and its journal are those of the order in node.
 * Throws ROUTE_NODE_MISSING.
 */
export const settingOf = (nodes: readonly FlowNode[], configs: Configs, routeNode?: string): Setting => {
  const start = nodes.find(({ id, type }) => type === 'direct-resolve-route' && (routeNode === undefined || id === routeNode));
  if (start === undefined) throw new CourierError('ROUTE_NODE_MISSING');
  const stages = behind(start, nodes);
  const entrance = nodes.find((node) => node.type === 'direct-order-in' && behind(node, nodes).get('direct-resolve-route')?.id === start.id)
    ?? nodes.find(({ type }) => type === 'direct-order-in');
  const organizations = configs.organizations(text(entrance, 'organizations'));
  const lookUp = stages.get('direct-lookup-npi');
  const sender = stages.get('direct-hisp-send');
  return {
    configs,
    entrance: { maxBytes: (Number(entrance?.['maxSize']) || 25) * MEGABYTE, bound: text(entrance, 'bound').trim().toLowerCase() || null },
    organization: (clientGuid) => organizations?.find(clientGuid),
    doNotSend: async () => await (await configs.journal(text(entrance, 'journal'))?.open())?.blocked() ?? [],
    table: () => {
      const table = text(start, 'table') === '' ? NO_TABLE : configs.routeTable(text(start, 'table'));
      if (table === null) throw new CourierError('ROUTE_TABLE_MISSING');
      return table;
    },
    policy: text(start, 'policy', 'organization') as PolicyChoice,
    lookUp: lookUp === undefined ? null : {
      directory: async () => await configs.directory(text(lookUp, 'directory'))?.open(),
      onMismatch: text(lookUp, 'onMismatch') === 'warn' ? 'warn' : 'hold',
    },
    pdf: pdfOf(stages.get('direct-render-pdf')),
    cda: cdaOf(stages.get('direct-build-cda')),
    seal: sealOf(stages.get('direct-seal-mail')),
    account: sender === undefined ? null : text(sender, 'account'),
    prices: pricesOf(stages.get('direct-fee-meter'), configs),
  };
};
