export { adminRouter } from './router.js'
export { AdminAccessDenied } from './access.js'
export type { AdminAnswer, AdminCleanupOptions, AdminRouterOptions, PassMessage } from './options.js'
export type { AdminMessages, AdminTranslation } from './messages/translation.js'
