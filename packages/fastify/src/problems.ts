import { authError, inputError, problem, Refused, type Schema, STATUS } from '@countersign/http'
import { refusalOf } from '@countersign/policy'
import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { FastifyInstance, FastifyTypeProvider } from 'fastify'
import { send } from './send.ts'

const NOT_FOUND = authError('not_found', 'route.unknown')

/** For `app.withTypeProvider<SchemaTypes>()`: Fastify's own `schema` option types the handler from `defineSchema` values. */
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends Schema<infer T> ? T : unknown
  readonly serializer: unknown
}

export interface ProblemsOptions {
  /** `false` leaves errors to the app's own handler. */
  readonly errors?: boolean
  /** `false` leaves unknown routes to the app's own handler. */
  readonly notFound?: boolean
}

/**
 * The plugin that answers whatever goes wrong as problem details (RFC 9457): errors thrown, unknown routes, Fastify's own
 * 4xx (of a status outside the table of codes: 400). It also lets Fastify's `schema` option take `defineSchema` values
 * beside plain JSON Schema. A bug is 500 and is logged.
 */
export const problems = Object.assign(
  async (app: FastifyInstance, { errors = true, notFound = true }: ProblemsOptions = {}): Promise<void> => {
    if (!app) throw new TypeError('use it as app.register(problems), without parentheses')
    if (errors)
      app.setErrorHandler((error, request, reply) => {
        const refusal = refusalOf(error, request)
        if (refusal.status >= STATUS.server_error) request.log.error(error)
        send(reply, refusal)
      })
    if (notFound) app.setNotFoundHandler((_request, reply) => send(reply, problem(NOT_FOUND)))
    const before = app.validatorCompiler
    if (before) app.setValidatorCompiler(withSchemas(before))
    else {
      // The app's own shared schemas and Ajv options stay in force for plain JSON Schema.
      const plain: BuildCompilerFromPool = AjvCompiler()
      const buildValidator: BuildCompilerFromPool = (schemas, options) => withSchemas(plain(schemas, options))
      app.setSchemaController({ compilersFactory: { buildValidator } })
    }
  },
  // Applies to the app that registers it, not to a scope of its own.
  { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: '@countersign/fastify' },
)

/** A validator compiler that takes `defineSchema` values and leaves every other schema to the one before it. */
function withSchemas<C extends (route: never) => unknown>(plain: C): C {
  const compile = (route: { readonly schema: unknown; readonly httpPart?: string }) => {
    const { schema, httpPart } = route
    if (!isSchema(schema)) return plain(route as never)
    return (data: unknown) => {
      const checked = httpPart === 'body' ? schema.validate(data) : schema.validateText(data)
      return checked.issues ? { error: new Refused(inputError(checked.issues)) } : { value: checked.value }
    }
  }
  return compile as unknown as C
}

function isSchema(schema: unknown): schema is Schema {
  return typeof schema === 'object' && schema !== null && 'validateText' in schema && '~standard' in schema
}
