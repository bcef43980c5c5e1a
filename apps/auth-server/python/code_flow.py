"""What articles teach of requests-oauthlib: a person signs in elsewhere, with PKCE. Prints where to send them, reads where they came back to."""
import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the loopback has no TLS

from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session

issuer, client_id, redirect_uri = sys.argv[1:4]

client = WebApplicationClient(client_id)
code_verifier = client.create_code_verifier(64)
code_challenge = client.create_code_challenge(code_verifier, "S256")
session = OAuth2Session(client=client, redirect_uri=redirect_uri, scope=["openid", "posts:read"])
url, _state = session.authorization_url(
    f"{issuer}/oauth/authorize", code_challenge=code_challenge, code_challenge_method="S256"
)
print(url, flush=True)

token = session.fetch_token(
    f"{issuer}/oauth/token",
    authorization_response=sys.stdin.readline().strip(),
    code_verifier=code_verifier,
    include_client_id=True,
)
me = session.get(f"{issuer}/me")
print(json.dumps({"token": token, "me": me.json()}))
