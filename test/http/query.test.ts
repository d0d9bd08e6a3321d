import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
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
  it('a parameter that was taken out is gone, and nothing else is changed', () => {
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

  it('a parameter that was set is there once, with that value', () => {
    fc.assert(
      fc.property(query, fc.string(), (text, value) => {
        assert.deepEqual(queryValues(withQuery(`/p?${text}`, 'vuid', value.toWellFormed()), 'vuid'), [
          value.toWellFormed(),
        ])
      }),
    )
  })
})
