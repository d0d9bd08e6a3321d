import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Request } from 'express'
import { hideFromAddress, ownAddress } from '../../src/http/address.js'

describe('the address of a request', () => {
  it('the address of a request is a path of this site, whatever the request line names', () => {
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
        const req = { originalUrl, headers: {} } as Request
        hideFromAddress(req, 'vuid')
        const address = ownAddress(req)
        assert.match(address, /^\/(?![/\\])/)
        assert.equal(new URL(address, 'https://own.test').origin, 'https://own.test')
      }),
      { numRuns: 2000 },
    )
  })
})
