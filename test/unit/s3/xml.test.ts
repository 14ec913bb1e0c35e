import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeXml, parseXml, scanXml, XmlError } from '../../../src/stores/s3/xml.ts';

const textOf = (source: string): string => parseXml(source).text;

describe('XML of S3 services', () => {
  test('reads elements, text, entities, CDATA, comments and empty tags', () => {
    const source = `\ufeff<?xml version="1.0" encoding="UTF-8"?>
      <!-- hello > --><r:Root xmlns:r="x>y" a='"'><A>1 &lt;&amp;&quot;&apos;&gt; &#13;&#x1F600;</A><B/><B x="1" /><C><![CDATA[<&>]]>d</C></r:Root>
    `;
    expect(parseXml(source)).toEqual({
      name: 'Root',
      text: '',
      children: [
        { name: 'A', text: '1 <&"\'> \r\u{1f600}', children: [] },
        { name: 'B', text: '', children: [] },
        { name: 'B', text: '', children: [] },
        { name: 'C', text: '<&>d', children: [] },
      ],
    });
  });

  test.each([
    ['an early end', '<a><b>x</b>'],
    ['an early end inside a tag', '<a><b'],
    ['nothing', ''],
    ['no element', 'hello'],
    ['a wrong end tag', '<a><b></a></b>'],
    ['an end without a start', '<a></a></a>'],
    ['two roots', '<a/><b/>'],
    ['text behind the root', '<a/>x'],
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an unknown entity', '<a>&x;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['a character out of range', '<a>&#x110000;</a>'],
    ['a prototype name as entity', '<a>&toString;</a>'],
    ['too deep a nest', '<a>'.repeat(1000) + '</a>'.repeat(1000)],
  ])('refuses %s', (_, source) => {
    expect(() => parseXml(source)).toThrow(XmlError);
  });

  test('any text survives escaping and reading', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOf(`<a>${escapeXml(text)}</a>`)).toBe(text);
      }),
    );
  });

  test('any input is read or refused, never anything else', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      'a',
      '"',
      "'",
      '!',
      '-',
      '[',
      ']',
      '?',
      '#',
      ' ',
      'CDATA',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          scanXml(pieces.join(''), { close: () => undefined });
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('every beginning of a document is refused', () => {
    const source = '<a><b>x &amp; y</b><c d="e"/></a>';
    for (let end = 0; end < source.length; end++)
      expect(() => parseXml(source.slice(0, end))).toThrow(XmlError);
    expect(parseXml(source).children).toHaveLength(2);
  });
});
