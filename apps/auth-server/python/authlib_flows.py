"""The same with Authlib: client credentials both ways, and the code flow with PKCE, which it does by itself."""
import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the loopback has no TLS

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

issuer, client_id, client_secret, web, redirect_uri = sys.argv[1:6]
endpoint = f"{issuer}/oauth/token"
out = {}
for method in ["client_secret_basic", "client_secret_post"]:
    service = OAuth2Session(client_id, client_secret, scope="posts:read", token_endpoint_auth_method=method)
    service.fetch_token(endpoint, grant_type="client_credentials")
    out[method] = service.get(f"{issuer}/me").json()

code_verifier = generate_token(48)
session = OAuth2Session(
    web,
    scope="openid posts:read",
    redirect_uri=redirect_uri,
    token_endpoint_auth_method="none",
    code_challenge_method="S256",
)
url, state = session.create_authorization_url(f"{issuer}/oauth/authorize", code_verifier=code_verifier)
print(url, flush=True)
session.fetch_token(
    endpoint, authorization_response=sys.stdin.readline().strip(), code_verifier=code_verifier, state=state
)
out["code"] = session.get(f"{issuer}/me").json()
print(json.dumps(out))
