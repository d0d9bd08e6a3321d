/* global document, addEventListener */
import { call, introduce } from './api.js'

const form = document.getElementById('new')
const input = document.getElementById('title')
const error = document.getElementById('error')
const list = document.getElementById('todos')
const told = document.getElementById('told')
let isLoggedIn = false

// Also when the browser restores the page from its cache: another user may be logged in by then.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) list.replaceChildren()
  void attempt(show)
})

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void attempt(add, input)
})

async function show() {
  const { kind } = await introduce()
  isLoggedIn = kind !== 'anonymous'
  const { todos } = await call('GET', '/todos')
  list.replaceChildren(...todos.map(line))
  showWhetherEmpty()
}

async function add() {
  const title = input.value
  input.value = '' // so that the next to-do can be typed
  const todo = await call('POST', '/todos', { title }).catch((cause) => {
    input.value ||= title
    throw cause
  })
  list.append(line(todo))
  showWhetherEmpty()
  announce(`Added ${todo.title}`)
  if (!isLoggedIn) await show() // the first to-do has created a guest
}

/** The list item of one to-do, with its checkbox and button. */
function line(todo) {
  const item = document.getElementById('todo').content.cloneNode(true).firstElementChild
  const box = item.querySelector('input')
  const button = item.querySelector('button')
  box.checked = todo.done
  item.querySelector('.title').textContent = todo.title
  button.querySelector('.hidden').textContent = ` ${todo.title}`
  box.addEventListener('change', () =>
    attempt(async () => {
      try {
        box.checked = (await call('PATCH', `/todos/${todo.id}`, { done: box.checked })).done
      } catch (cause) {
        box.checked = !box.checked // as it is stored
        throw cause
      }
    }),
  )
  button.addEventListener('click', () => attempt(() => remove(item, todo)))
  return item
}

/** Moves the focus to the next item's button, so that keyboard users keep their place. */
async function remove(item, todo) {
  await call('DELETE', `/todos/${todo.id}`)
  const neighbour = item.nextElementSibling ?? item.previousElementSibling
  const place = neighbour?.querySelector('button') ?? input
  item.remove()
  place.focus()
  showWhetherEmpty()
  announce(`Deleted ${todo.title}`)
}

function showWhetherEmpty() {
  document.getElementById('empty').hidden = list.children.length > 0
}

function announce(text) {
  told.textContent = text
}

/** Runs `work`, and shows its error in the page; beside `field`, if given. */
async function attempt(work, field) {
  error.textContent = ''
  input.removeAttribute('aria-invalid')
  input.removeAttribute('aria-describedby')
  try {
    await work()
  } catch ({ message }) {
    error.textContent = message
    if (field === undefined) return
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-describedby', 'error')
    field.focus()
  }
}
