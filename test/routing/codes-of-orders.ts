// How orders and their results come to each code: through the door, into a journal, as the running flow does it.
import { type AcceptContext, acceptInput } from '../../nodes/0-order/accept.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { withheld } from '../../nodes/1-route/preliminary.ts';
import type { FlowClaim, Journal } from '../../nodes/journal/port.ts';
import { DAY, delivered, pruneAll } from '../journal/keeping.ts';
import { CLINIC, irisOrder, irisResult, type Json, NPI, OTHER_CLINIC } from '../support/samples.ts';
import type { Found, RoutingCode, Scenario, Scene } from './scenario.ts';

const OWNER: Organization = { clientGuid: CLINIC, name: 'Synthetic Clinic' };
const NAMES_SOMEBODY_ELSE = { Patient: { LocalId: 'MRN9', Name: { Last: 'Someoneelse' } } };
const SAYS_SOMETHING_ELSE = { Gradings: { CarePlanName: 'Refer' } };
const RECEIPT = {
  ResultObjectType: 'OrderCreationReceipt', IrisOrderId: 900001, OrderLocalId: 'ORD1001', PatientLocalId: 'MRN1001', Success: true,
};

const contextOf = (journal: Journal, change: Partial<AcceptContext> = {}): AcceptContext => ({
  journal, bound: null, organization: (clientGuid) => ([CLINIC, OTHER_CLINIC].includes(clientGuid) ? { ...OWNER, clientGuid } : undefined),
  today: '2026-02-01', maxBytes: 25 * 1024 * 1024, source: 'test', name: 'input.json', entry: 'order-in', ...change,
});

/** The codes that an input is answered with. */
const taken = async ({ journal }: Pick<Scene, 'journal'>, input: Json, change: Partial<AcceptContext> = {}): Promise<Found[]> => {
  const admission = await acceptInput(input, contextOf(journal, change));
  if ('rejection' in admission) return [admission.rejection.code];
  const { code, codes = [] } = admission.acceptance;
  return [code, ...codes];
};

const inTurn = async (scene: Scene, ...inputs: Json[]): Promise<Found[]> => {
  let found: Found[] = [];
  for (const input of inputs) found = await taken(scene, input);
  return found;
};

const cancellation = (change: Json = {}): Json =>
  irisOrder({ OrderControlCode: 'CA', Patient: undefined, OrderingProvider: undefined, HealthPlan: undefined, ...change });

/** What stands on the latest message. */
const standing = async ({ journal }: Scene): Promise<Found[]> => {
  const latest = (await journal.messages()).at(-1)!;
  return [latest.code, ...(await journal.message(latest.id))!.events.map(({ code }) => code)];
};

/** What the flow gets. */
const inFlow = async ({ journal }: Scene): Promise<FlowClaim> => (await journal.claimFlow(['order-in'], 1))[0]!;

/** The result comes, and its order does not. */
const waitInVain = async (scene: Scene, standIn: string | null): Promise<Found[]> => {
  await taken(scene, irisResult(), { bound: CLINIC });
  scene.clock.turn(DAY);
  await scene.journal.expireWaiting({ waitMs: DAY, standIn, entries: ['order-in'] });
  return await standing(scene);
};

const afterItsTime = async ({ journal, clock }: Scene): Promise<void> => {
  await delivered(journal, 'ORD1001');
  clock.turn(180 * DAY);
  await pruneAll(journal);
};

const closed: Scenario = async (scene) => {
  await inTurn(scene, irisOrder(), irisResult({ Patient: { Dob: '1/16/1960' } }));
  const [message] = await scene.journal.messages();
  await scene.journal.act({ kind: 'close-message', messageId: message!.id, actor: 'A. Person', reason: 'entered twice' });
  return await standing(scene);
};

const preliminary: Scenario = async (scene) => {
  await inTurn(scene, irisOrder(), irisResult({ ResultCode: 'P' }));
  const { direct, result } = await inFlow(scene);
  const stop = withheld(result, OWNER, 'SITE01');
  if (stop !== null) await scene.journal.stopMessage(direct.id, 'FILTERED', stop.code, stop.why, direct.run);
  return await standing(scene);
};

export const SCENARIOS_OF_ORDERS = {
  ORGANIZATION_UNKNOWN: (scene) => taken(scene, irisOrder(), { organization: () => undefined }),
  ORDER_UNKNOWN: async (scene) => [...await taken(scene, cancellation()), ...await waitInVain(scene, null)],
  ORDER_AMBIGUOUS: (scene) => inTurn(scene, irisOrder(), irisOrder({ ClientGuid: OTHER_CLINIC }), irisResult()),
  ORDER_CANCELLED: (scene) => inTurn(scene, irisOrder(), cancellation(), irisResult()),
  ORDER_CONFLICT: (scene) => inTurn(scene, irisOrder(), irisOrder(NAMES_SOMEBODY_ELSE)),
  ORDER_FIELD_FIXED: (scene) => inTurn(scene, irisOrder(), irisOrder({ OrderControlCode: 'XO', Order: { EvaluationTypes: ['AMD'] } })),
  ORDER_PRUNED: async (scene) => {
    await afterItsTime(scene);
    return await taken(scene, irisResult({ ResultCode: 'C' }));
  },
  RESEND_EXPIRED: async (scene) => {
    await afterItsTime(scene);
    return await taken(scene, cancellation({ OrderControlCode: 'ResendResult' }));
  },
  RESULT_UNKNOWN: (scene) => inTurn(scene, irisOrder(), cancellation({ OrderControlCode: 'ResendResult' })),
  AWAITS_ORDER: async (scene) => [...await taken(scene, irisResult()), ...await standing(scene)],
  ORDER_REFUSED_BY_IRIS: (scene) => taken(scene, { ...RECEIPT, Success: false }),
  ORDER_LINK_CONFLICT: (scene) => inTurn(scene, { ...RECEIPT, OrderLocalId: 'ORD7' }, irisOrder(), irisResult()),
  ORDER_HAS_RESULT: (scene) => inTurn(scene, irisOrder(), irisResult(), cancellation()),
  ORDER_STOOD_IN: (scene) => waitInVain(scene, CLINIC),
  CHANGED_WITHOUT_CORRECTION: (scene) => inTurn(scene, irisOrder(), irisResult(), irisResult(SAYS_SOMETHING_ELSE)),
  CLOSED: closed,
  PRELIMINARY_OFF: preliminary,
  PATIENT_MISMATCH: (scene) => inTurn(scene, irisOrder(), irisResult({ Patient: { Dob: '1/16/1960' } })),
  NPI_CHECK_DIGIT: async (scene) => {
    await inTurn(scene, irisOrder({ OrderingProvider: { NPI: `${NPI.orderer.slice(0, 9)}5` } }), irisResult());
    return (await inFlow(scene)).order.warnings.map(({ code }) => code);
  },
} as const satisfies Partial<Record<RoutingCode, Scenario>>;
