import js from '@eslint/js'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: [
      'dist',
      'coverage',
      'docs/api',
      'docs/.vitepress/{cache,dist}',
      'test/packaging/consumers',
      'test/docs/{applications,reader}',
      'screenshots',
      'bench/results',
      // Projects of their own, with dependencies that are not installed here.
      'examples/{nestjs,oauth2,socket.io,sequelize-cli,sequelize-typescript,testing}',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    files: ['**/*.ts', '**/*.cts'],
    rules: {
      // A class that extends Model with `declare` fields is a class for its type.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Capital letters are how Sequelize's models are named.
      'new-cap': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // `this: void` says that a method can be taken off its object, as Passport does with Guest.serializeUser.
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['{test,examples,bench}/**/*.ts', 'docs/.vitepress/*.ts'],
    rules: {
      // node:test's test() returns a promise that the runner awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            'test',
            'describe',
            'it',
            'suite',
            'before',
            'after',
            'beforeEach',
            'afterEach',
          ],
        },
      ],
      'no-console': 'off',
      // passport.authenticate() is typed as any, and supertest's bodies are.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // What Passport calls a user is whatever the application's model makes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['test/packaging/jest/*'],
    languageOptions: { globals: { require: false, it: false, expect: false, fetch: false } },
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  // Plain JavaScript is checked without types.
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], extends: [tseslint.configs.disableTypeChecked] },
)
