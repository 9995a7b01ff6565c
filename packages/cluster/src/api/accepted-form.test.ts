import { describe, expect, it } from 'vitest';
import { findForm, requireForm, requireStreamedForm } from './accepted-form.ts';

describe('the form of an answer', () => {
  it.each([
    { name: 'is JSON where nothing is said', accept: undefined, form: { form: 'object', text: 'json' } },
    { name: 'is JSON where all is taken', accept: '*/*', form: { form: 'object', text: 'json' } },
    { name: 'is YAML where that is preferred', accept: 'application/yaml, application/json', form: { text: 'yaml' } },
    { name: 'is JSON in place of protobuf', accept: 'application/vnd.kubernetes.protobuf', form: { text: 'json' } },
    {
      name: 'is a table for kubectl',
      accept:
        'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
      form: { form: 'table', version: 'v1' },
    },
    {
      name: 'is a table of the older version where no other is asked for',
      accept: 'application/json;g=meta.k8s.io;v=v1beta1;as=Table',
      form: { form: 'table', version: 'v1beta1' },
    },
    {
      name: 'is what is wanted most',
      accept: 'application/json;q=0.1, */*;q=0.2, application/yaml;q=0.5',
      form: { text: 'yaml' },
    },
    { name: 'is what is named before what is left open', accept: '*/*,application/yaml', form: { text: 'yaml' } },
    {
      name: 'is a table with room around what is said of it',
      accept: 'Application/JSON; as=Table; v=v1; g="meta.k8s.io"',
      form: { form: 'table' },
    },
    {
      name: 'is metadata for an informer of it',
      accept:
        'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      form: { form: 'metadataList', version: 'v1' },
    },
    {
      name: 'is the object where there is no such table',
      accept: 'application/json;as=Table;v=v7;g=meta.k8s.io, application/json;charset=utf-8',
      form: { form: 'object' },
    },
    { name: 'is one of those that a browser takes', accept: 'text/html,*/*;q=0.8', form: { form: 'object' } },
  ])('$name', ({ accept, form }) => {
    expect(findForm(accept)).toMatchObject(form);
  });

  it.each([
    'application/xml',
    'application/json;as=Table;v=v7;g=meta.k8s.io',
    'application/json;as=Table;v=v1;g=other',
    'text/html',
  ])('is refused where it is none that there is: %s', (accept) => {
    expect(() => requireForm(accept)).toThrow(expect.objectContaining({ reason: 'NotAcceptable', code: 406 }));
  });

  it.each([undefined, '', '*/*', 'application/json;stream=watch', 'application/yaml, application/json'])(
    'is one that a watch has: %s',
    (accept) => {
      expect(() => requireStreamedForm(accept)).not.toThrow();
    },
  );

  it.each(['application/yaml', 'text/html'])('is none that a watch has: %s', (accept) => {
    expect(() => requireStreamedForm(accept)).toThrow(expect.objectContaining({ reason: 'NotAcceptable', code: 406 }));
  });
});
