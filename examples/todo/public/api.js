/* global document, fetch */

/** Sends one request after the other: the first response sets the cookie that the second request needs. */
let last = Promise.resolve()

/** Calls the API; throws an error with a message for the user. */
export function call(method, path, body) {
  const answer = last.then(() => send(method, path, body))
  last = answer.catch(() => undefined)
  return answer
}

async function send(method, path, body) {
  let response
  try {
    response = await fetch(`/api${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
  } catch (cause) {
    throw new Error('The server cannot be reached. Please try again.', { cause })
  }
  const answer = response.status === 204 ? undefined : await response.json()
  if (response.ok) return answer
  // Errors of passport-ephemeral are problems of RFC 9457, with a `detail`.
  throw Object.assign(new Error(answer.message ?? answer.detail), {
    status: response.status,
    code: answer.code,
  })
}

/** Shows the current user, and the elements for this kind of user. */
export async function introduce() {
  const me = await call('GET', '/me')
  document.getElementById('who').textContent = describe(me)
  for (const part of document.querySelectorAll('[data-for]')) {
    part.hidden = !part.dataset.for.split(' ').includes(me.kind)
  }
  return me
}

function describe({ kind, name, keptUntil }) {
  if (kind === 'anonymous') return 'Not logged in'
  if (kind === 'regular') return name
  const day = new Date(keptUntil).toLocaleDateString('en', { day: 'numeric', month: 'long' })
  return `Guest ${name}, kept until ${day}`
}
