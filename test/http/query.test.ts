import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Request } from 'express'
import { hideFromAddress, ownAddress } from '../../src/http/address.js'
import { queryValues, withoutQuery, withQuery } from '../../src/http/query.js'

/** Query strings that real and hostile clients send, our parameter among them. */
const parameter = fc.oneof(
  fc.string({ unit: 'binary-ascii' }).map((text) => text.replace(/[&#?]/g, '')),
  fc.constantFrom(
    'vuid=1',
    'vuid',
    'vuid=',
    'v%75id=2',
    'vuid[]=3',
    'vuid[a]=4',
    'vuidx=5',
    '%E0%A4%A=6',
    '=7',
    'a=b',
  ),
)
const query = fc.array(parameter, { maxLength: 6 }).map((parameters) => parameters.join('&'))

describe('a parameter of the query', () => {
  it('once taken out is not there, and nothing else is touched', () => {
    fc.assert(
      fc.property(query, (text) => {
        const url = `/path?${text}#fragment`
        const rest = withoutQuery(url, 'vuid')
        assert.deepEqual(queryValues(rest, 'vuid'), [])
        const others = text.split('&').filter((one) => queryValues(`?${one}`, 'vuid').length === 0)
        assert.equal(
          rest,
          text === '' || others.length === 0 ? '/path#fragment' : `/path?${others.join('&')}#fragment`,
        )
      }),
    )
  })

  it('once set is there once, with that value', () => {
    fc.assert(
      fc.property(query, fc.string(), (text, value) => {
        assert.deepEqual(queryValues(withQuery(`/p?${text}`, 'vuid', value.toWellFormed()), 'vuid'), [
          value.toWellFormed(),
        ])
      }),
    )
  })
})

describe('the address of a request', () => {
  it('is a path of this site, whatever was asked for', () => {
    const target = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            '/',
            '\\',
            '\t',
            '\n',
            '\r',
            ' ',
            '.',
            '@',
            ':',
            '?',
            '#',
            'evil.test',
            'http:',
            'javascript:',
            '%2f',
          ),
          { maxLength: 8 },
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(target, (originalUrl) => {
        const req = { originalUrl } as Request
        hideFromAddress(req, 'vuid')
        const address = ownAddress(req)
        assert.match(address, /^\/(?![/\\])/)
        assert.equal(new URL(address, 'https://own.test').origin, 'https://own.test')
      }),
      { numRuns: 2000 },
    )
  })
})
