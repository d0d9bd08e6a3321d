export { app, Guest, User } from '../guests-application.js'
export { Cart, CartItem } from '../cart.js'
