/* global document, location, URL, URLSearchParams */
import { call, introduce } from './api.js'

const form = document.getElementById('login')
const error = document.getElementById('error')
const password = document.getElementById('password')

void introduce().catch(complain)

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  error.textContent = ''
  try {
    await call('POST', '/login', { username: form.username.value, password: password.value })
    location.assign(wayBack())
  } catch (cause) {
    complain(cause)
    password.setAttribute('aria-describedby', 'error')
    password.value = ''
    password.focus()
  }
})

function complain({ message }) {
  error.textContent = message
}

/** Where `?next=` leads, if that is here. */
function wayBack() {
  const next = new URL(new URLSearchParams(location.search).get('next') ?? '/', location.origin)
  return next.origin === location.origin ? next.pathname + next.search : '/'
}
