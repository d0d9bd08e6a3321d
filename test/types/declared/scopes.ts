import 'passport-ephemeral'

// An application that declares its scopes. A declaration is the whole program's, which is why this folder is one.
declare module 'passport-ephemeral' {
  interface VisitorScopes {
    REFERENCE_REQUEST: { about: string }
    INTERVIEW: { candidate: number }
    DEMO: null
  }
}
