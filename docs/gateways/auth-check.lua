-- Asks GET /auth/check: on 204 the request goes on with X-Auth-*, else the refusal is the answer.
local CHECK = 'http://127.0.0.1:3000/auth/check'
-- All that the configuration takes off afterwards.
local CREDENTIALS = { 'authorization', 'cookie', 'x-api-key', 'api-key', 'apikey', 'dpop', 'signature', 'signature-input' }
local IDENTITY = { 'x-auth-subject', 'x-auth-scheme', 'x-auth-scopes' }
local PASSED_BACK = { 'content-type', 'cache-control', 'www-authenticate', 'retry-after', 'allow' }

-- Lists of values begin at 0.
local function each(values, use)
  local at = 0
  while values and values[at] do
    use(values[at])
    at = at + 1
  end
end

core.register_action('auth-check', { 'http-req' }, function(txn)
  local got = txn.http:req_get_headers()
  local asked = {
    ['x-original-method'] = { txn.sf:method() },
    ['x-original-uri'] = { txn.sf:pathq() },
    -- Else each client would come from here: limits and records are by address.
    ['x-forwarded-for'] = { txn.sf:src() },
    ['x-forwarded-proto'] = { txn.f:ssl_fc() == 1 and 'https' or 'http' },
    ['x-forwarded-host'] = { txn.sf:req_hdr('host') },
  }
  for _, name in ipairs(CREDENTIALS) do
    each(got[name], function(value)
      asked[name] = asked[name] or {}
      table.insert(asked[name], value)
    end)
  end
  local answer = core.httpclient():get({ url = CHECK, headers = asked, timeout = 5000 })
  if answer and answer.status == 204 then
    for _, name in ipairs(IDENTITY) do
      each(answer.headers[name], function(value) txn.http:req_set_header(name, value) end)
    end
    return
  end
  -- Where the gateway does not answer, HAProxy makes an answer of its own.
  local type = answer and answer.headers and answer.headers['content-type']
  local known = type ~= nil and type[0] == 'application/problem+json'
  local reply = txn:reply({ status = known and answer.status or 503 })
  if known then
    for _, name in ipairs(PASSED_BACK) do
      each(answer.headers[name], function(value) reply:add_header(name, value) end)
    end
    reply:set_body(answer.body or '')
  else
    reply:add_header('content-type', 'application/problem+json')
    reply:add_header('cache-control', 'no-store')
    reply:add_header('retry-after', '1')
    reply:set_body('{"type":"about:blank","title":"Service Unavailable","status":503,"code":"temporarily_unavailable"}')
  end
  txn:done(reply)
end)
