import type { Response } from 'express'
import onHeaders from 'on-headers'

/**
 * Whatever answers, no cache keeps the response to an address with a token in it, and no link out of it tells others
 * the address (RFC 9111 §5.2.2.5; Referrer Policy). Set when headers go out, so that no middleware after
 * this undoes it.
 */
export function keepTokenPrivate(res: Response): void {
  onHeaders(res, () => {
    res.setHeader('Cache-Control', 'no-store')
    res.setHeader('Referrer-Policy', 'no-referrer')
  })
}
