import { expect } from 'chai';
import fc from 'fast-check';
import { identify, readIris } from '../../nodes/0-order/iris/read.ts';
import { irisOrder, irisResult } from '../support/samples.ts';
import { expectRefusal, OPTIONS, order, read, refusal } from './support.ts';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('IRIS input', () => {
  it('reads the same from a Buffer, a Uint8Array, a string and an object, with a byte order mark or without', () => {
    const text = JSON.stringify(irisOrder());
    for (const input of [bytes(text), new Uint8Array(bytes(text)), text, irisOrder(), `\uFEFF${text}`, bytes(`\uFEFF${text}`)]) {
      expect(read(input)).to.deep.include({ kind: 'order', order: order() });
    }
  });

  it('tells orders and results apart by what they hold', () => {
    expect(read(irisOrder()).kind).to.equal('order');
    expect(read(irisResult()).kind).to.equal('result');
    expect(read({ ...irisResult(), OrderControlCode: '' }).kind).to.equal('result');
  });

  const event = { TransactionId: '00000000-0000-4000-8000-000000000003', Success: true, ErrorMessage: null, Version: '2.3.1', IrisOrderId: 1,
    OrderLocalId: 'ORD1001' };
  it('reads the receipt of an order with both its numbers, whatever the case of its type', () => {
    expect(read({ ...event, ResultObjectType: 'ordercreationreceipt', PatientLocalId: 'MRN1001' })).to.deep.include({
      kind: 'event', event: { type: 'OrderCreationReceipt', receipt: true, success: true, irisOrderId: '1', orderLocalId: 'ORD1001', patientLocalId: 'MRN1001' } });
  });

  it('takes nothing of the free text of a receipt that says no, which may lack both numbers', () => {
    const refused = read({ ...event, ResultObjectType: 'OrderCreationReceipt', Success: false, IrisOrderId: null, OrderLocalId: '', ErrorMessage: 'Zoë Testpatient' });
    expect(refused).to.deep.include({ kind: 'event', event: { type: 'OrderCreationReceipt', receipt: true, success: false } });
  });

  for (const type of ['OrderCancelled', 'ImageReceipt', 'ReadyForGradingEvent', 'GradingReceipt', 'OrderGradedEvent', 'ResultsDeliveryReceipt']) {
    it(`reads the event ${type}, which changes nothing`, () => {
      expect(read({ ...event, Success: 'yes', ResultObjectType: type })).to.deep.include({ kind: 'event', event: { type, receipt: false, success: true, irisOrderId: '1', orderLocalId: 'ORD1001' } });
    });
  }

  it('answers an event of another type with INPUT_UNKNOWN', () => {
    for (const type of ['constructor', 'SomethingNew', 5]) {
      const error = refusal(() => read({ ...event, ResultObjectType: type }));
      expect([error.code, error.detail]).to.deep.equal(['INPUT_UNKNOWN', 'an event of an unknown type']);
    }
  });

  it('whatever an event holds: it is read, or refused with a code', () => {
    const types = fc.constantFrom('OrderCreationReceipt', 'OrderCancelled', 'ResultsDeliveryReceipt', 'Other');
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue());
    const fields = fc.record({ Success: value, IrisOrderId: value, OrderLocalId: value, PatientLocalId: value, ErrorMessage: value }, { requiredKeys: [] });
    fc.assert(fc.property(types, fields, (ResultObjectType, more) => {
      try {
        const { kind } = read({ ...more, ResultObjectType });
        expect(kind).to.equal('event');
      } catch (error) {
        expect((error as { code?: string }).code).to.be.oneOf(['FIELD_MISSING', 'FIELD_INVALID', 'INPUT_UNKNOWN', 'INPUT_NOT_JSON']);
      }
    }), { numRuns: 300 });
  });

  for (const [path, change] of [
    ['IrisOrderId', { IrisOrderId: null }], ['OrderLocalId', { OrderLocalId: ' ' }], ['Success', { Success: undefined }],
  ] as const) {
    it(`refuses a receipt without ${path}`, () => {
      const error = refusal(() => read({ ...event, ResultObjectType: 'OrderCreationReceipt', ...change }));
      expect([error.code, error.path]).to.deep.equal(['FIELD_MISSING', path]);
    });
  }

  for (const [path, value] of [['IrisOrderId', { a: 1 }], ['IrisOrderId', 1.5], ['OrderLocalId', 'a\nb'], ['OrderLocalId', 7], ['Success', 'perhaps']] as const) {
    it(`refuses a receipt whose ${path} is ${JSON.stringify(value)}`, () => {
      const error = refusal(() => read({ ...event, ResultObjectType: 'OrderCreationReceipt', [path]: value }));
      expect([error.code, error.path]).to.deep.equal(['FIELD_INVALID', path]);
    });
  }

  for (const [name, input] of [
    ['an array of orders', [irisOrder()]], ['an empty object', {}], ['a number', 5], ['null', null], ['text in JSON', '"hello"'],
    ['both at once', { ...irisResult(), OrderControlCode: 'NW' }],
      ['a grading submission', { Version: '2.3.1', OD: { Gradable: true }, LocalId: 'ORD1001', ClientGuid: 'x', Site: { LocalId: 'S' } }],
  ] as [string, unknown][]) {
    it(`answers ${name} with INPUT_UNKNOWN`, () => expectRefusal(() => read(input), 'INPUT_UNKNOWN'));
  }

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (const [name, input] of [
    ['nothing', undefined], ['an empty string', ''], ['an empty buffer', Buffer.alloc(0)], ['white space', ' \n'], ['garbage', 'x'.repeat(100)],
      ['binary garbage', Buffer.from([0x25, 0x50, 0xff, 0xfe, 0])],
    ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le')], ['text in Latin-1', Buffer.from('{"a":"Zoë"}', 'latin1')],
      ['a cut-off object', '{"OrderControlCode":"NW"'],
    ['HL7 v2', 'MSH|^~\\&|A|B'], ['XML', '<a/>'], ['a circular object', circular], ['a function', () => 1], ['a bigint', { a: 1n }],
    ['something that throws', { toJSON: () => { throw new Error('no'); } }], ['hostile nesting', '['.repeat(1e6)],
      ['nesting that would parse', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`],
  ] as [string, unknown][]) {
    it(`answers ${name} with INPUT_NOT_JSON`, () => expectRefusal(() => read(input), 'INPUT_NOT_JSON'));
  }

  it('says what it takes HL7 and XML for', () => {
    expect(refusal(() => read('MSH|^~\\&|A')).detail).to.include('this looks like HL7 v2');
    expect(refusal(() => read(' <?xml version="1.0"?>')).detail).to.include('this looks like XML');
  });

  it('quotes nothing of the input in an error', () => {
    for (const input of ['{"Patient": {"Name": Testpatient}}',
      '{"a":"Testpatient']) expect(refusal(() => read(input)).message).not.to.include('Testpatient');
    expect(refusal(() => order({ Patient: { Dob: '13/13/1913' } })).message).not.to.include('1913');
    expect(refusal(() => order({ Order: { LocalId: 'MRN\n77' } })).message).not.to.include('77');
  });

  it('answers what is too large with INPUT_TOO_LARGE before reading it', () => {
    expectRefusal(() => readIris(JSON.stringify(irisOrder()), { ...OPTIONS, maxBytes: 100 }), 'INPUT_TOO_LARGE');
    expectRefusal(() => readIris('ü'.repeat(60), { ...OPTIONS, maxBytes: 100 }), 'INPUT_TOO_LARGE');
  });

  it('is quick with 10 MB of garbage of any kind', function () {
    this.timeout(10_000);
    for (const garbage of ['x', '[', '{"a":', '1,', '"\\"', '\\', ' ', '\n', '{}', '\u0000', '"', '"a":']) {
      expectRefusal(() => read(garbage.repeat(1e7 / garbage.length)), 'INPUT_NOT_JSON');
      expectRefusal(() => read(`["${garbage.repeat(1e6 / garbage.length)}`), 'INPUT_NOT_JSON');
    }
  });

  it('is quick with fields that are megabytes of blanks or digits', () => {
    const [blanks, digits] = [`a${' '.repeat(5e6)}b`, '1/'.repeat(2e6)];
    const change = { OrderingProvider: { NPI: `^${'NPI^'.repeat(1e6)}\n1`, Name: blanks },
      HealthPlan: { PrimaryCareProvider: { EmailAddress: blanks } } };
    expect(order(change).primaryCareProvider?.address).to.have.length(5e6 + 2);
    expectRefusal(() => order({ Patient: { Dob: blanks } }), 'DATE_INVALID', 'Patient.Dob');
    expectRefusal(() => order({ Order: { ScheduledTime: digits } }), 'DATE_INVALID', 'Order.ScheduledTime');
    expectRefusal(() => order({ ClientGuid: digits }), 'FIELD_INVALID', 'ClientGuid');
  });

  it('keeps __proto__ and constructor harmless', () => {
    const hostile = JSON.stringify(irisOrder()).replace('{',
      '{"__proto__":{"OrderControlCode":"CA","polluted":1},"constructor":{"prototype":{"polluted":1}},');
    expect(read(hostile)).to.deep.include({ order: order() });
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    expectRefusal(() => read('{"__proto__":{"OrderControlCode":"CA"}}'), 'INPUT_UNKNOWN');
    expect(order({ Patient: { Genders: [{ Context: 'constructor',
      Gender: '__proto__' }] } }).patient.genders).to.deep.equal([{ context: 'unspecified', code: '__proto__' }]);
  });

  it('replaces a lone surrogate, which cannot be stored', () => {
    expect(order({ Patient: { Name: { Last: 'Test\ud800' } } }).patient.name.family).to.equal('Test\ufffd');
  });

  it('throws nothing but coded errors, whatever JSON comes', function () {
    this.timeout(60_000);
    const names = fc.constantFrom(...Object.keys(irisOrder()), ...Object.keys(irisResult()), 'LocalId', 'Name', 'First', 'Last', 'Dob', 'Findings',
      'OD', 'NPI', 'Content', 'Address', 'x', '__proto__');
    const values = fc.oneof(fc.constantFrom('NW', 'F', 'CA', '', null, true, 1, -1.5, '1/1/2000', '00000000-0000-4000-8000-0000000000aa'),
      fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'medium', maxDepth: 4 }, values,
        fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(names, tie('tree'), { maxKeys: 8 })),
    }));
    const codedOnly = (input: unknown): void => { try { read(input); } catch (error) { refusal(() => { throw error; }); } };
    fc.assert(fc.property(fc.oneof(tree, fc.jsonValue(), fc.anything()), codedOnly), { numRuns: 500 });
    fc.assert(fc.property(fc.dictionary(names, tree), (change) => codedOnly({ ...irisOrder(), ...change })), { numRuns: 300 });
    fc.assert(fc.property(fc.dictionary(names, tree), (change) => codedOnly({ ...irisResult(), ...change })), { numRuns: 300 });
    fc.assert(fc.property(fc.oneof(fc.string(), fc.uint8Array(), fc.json()), codedOnly), { numRuns: 300 });
  });

  it('knows of an unreadable input what it was about', () => {
    expect(identify(irisOrder({ Patient: { Dob: 'x' } }))).to.deep.equal({ kind: 'order', orderLocalId: 'ORD1001' });
    expect(identify(irisResult())).to.deep.equal({ kind: 'result', orderLocalId: 'ORD1001' });
    expect(identify({ OrderControlCode: 'ResendResult', Order: 5 })).to.deep.equal({ kind: 'resend' });
    expect(identify(irisOrder({ Order: { LocalId: 'A\nB' } }))).to.deep.equal({ kind: 'order' });
    expect(identify({ OrderControlCode: 11 })).to.deep.equal({ kind: 'resend' });
    for (const other of [undefined, [], 'x']) expect(identify(other)).to.deep.equal({ kind: 'unreadable' });
  });
});
