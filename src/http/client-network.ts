import { isIPv4, isIPv6 } from 'node:net'
import type { Request } from 'express'
import { header } from './headers.js'

/** The client's address: `req.ip`, which follows the application's `trust proxy`; without Express, that of the connection. */
export function clientAddress(req: Request): string {
  return (req.ip ?? (req as Partial<Request>).socket?.remoteAddress ?? '')
    .replace(/^::ffff:(?=\d+\.)/i, '') // IPv4 on a socket that speaks both
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$|^\[(.+)\]:\d+$/, '$1$2') // some gateways say the port too
}

/**
 * What a limiter counts by: an IPv4 address, or the /64 of an IPv6 address. A single subscriber has that many addresses
 * to choose from (RFC 6177), so that counting by address would count nothing.
 */
export function clientKey(req: Request): string {
  const ip = clientAddress(req)
  if (isIPv6(ip)) return embeddedIPv4(ip) ?? `${groupsOf(ip).slice(0, 4).join(':')}::/64`
  return ip === '' ? 'unknown' : ip
}

/** What is bound to a client, so that another one cannot use it: the network and the browser's name. */
export function clientContext(req: Request): string {
  return [clientKey(req), header(req, 'user-agent') ?? ''].join('\0')
}

/** An address without its last part: IPv4 to its /24, IPv6 to its /48; '' for what is neither. */
export function networkOf(ip: string): string {
  if (isIPv4(ip)) return ip.replace(/\d+$/, '0')
  return isIPv6(ip) ? `${groupsOf(ip).slice(0, 3).join(':')}::` : ''
}

/** The IPv4 address in a mapped (RFC 4291) or translated one (RFC 6052, RFC 8215), which share one /64 between them all. */
function embeddedIPv4(ip: string): string | undefined {
  const groups = groupsOf(ip)
  const prefix = groups.slice(0, 6).join(':')
  if (!/^(0:0:0:0:0:ffff|0:0:0:0:ffff:0|64:ff9b:0:0:0:0|64:ff9b:1:.*)$/.test(prefix)) return undefined
  const bytes = groups.slice(6).flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])
  return bytes.join('.')
}

/** The eight groups of an IPv6 address, as the URL standard spells them: lower case, no zeros in front, no IPv4 at the end. */
function groupsOf(ip: string): string[] {
  const [address = ''] = ip.split('%', 1)
  const [head = [], tail = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''))
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
}
