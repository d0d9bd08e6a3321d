import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Request } from 'express'
import { clientKey, networkOf } from '../../src/http/client-network.js'

const keyOf = (ip: string | undefined) => clientKey({ ip } as Request)

describe('what a limiter counts by', () => {
  for (const [ip, key] of [
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['64:ff9b::203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['203.0.113.9:5678', '203.0.113.9'],
    ['[2001:db8:1:2::7]:5678', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
    ['nonsense', 'nonsense'],
  ] as const) {
    it(`a limiter counts ${String(ip)} as ${key}`, () => {
      assert.equal(keyOf(ip), key)
    })
  }
})

describe('an address without its last part', () => {
  for (const [ip, network] of [
    ['203.0.113.9', '203.0.113.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['::1', '0:0:0::'],
    ['nonsense', ''],
    ['', ''],
  ] as const) {
    it(`'${ip}' without its last part is '${network}'`, () => {
      assert.equal(networkOf(ip), network)
    })
  }
})
