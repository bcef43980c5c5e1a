export const schemas = [
  {
    $id: 'Error',
    type: 'object',
    required: ['status', 'code', 'message', 'requestId'],
    properties: {
      status: { type: 'integer' },
      code: { type: 'string' },
      message: { type: 'string' },
      requestId: { type: 'string' },
      details: {
        type: 'array',
        items: {
          type: 'object',
          properties: { path: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  },
  {
    $id: 'OrderLine',
    type: 'object',
    required: ['product', 'quantity', 'unitPriceCents'],
    additionalProperties: false,
    properties: {
      product: { type: 'string', minLength: 1, maxLength: 80 },
      quantity: { type: 'integer', minimum: 1, maximum: 999 },
      unitPriceCents: { type: 'integer', minimum: 0 },
    },
  },
  {
    $id: 'Order',
    type: 'object',
    properties: {
      id: { type: 'string' },
      customerId: { type: 'string' },
      lines: { type: 'array', items: { $ref: 'OrderLine#' } },
      totalCents: { type: 'integer' },
      state: { type: 'string', enum: ['open', 'confirmed', 'delivered', 'cancelled'] },
      createdAt: { type: 'string', format: 'date-time' },
    },
  },
  {
    $id: 'User',
    type: 'object',
    properties: {
      id: { type: 'string' },
      username: { type: 'string' },
      roles: { type: 'array', items: { type: 'string' } },
    },
  },
] as const
