"""What articles teach of requests-oauthlib: a service gets a token for itself, and calls an API with it."""
import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the loopback has no TLS

from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

issuer, client_id, client_secret, how = sys.argv[1:5]

session = OAuth2Session(client=BackendApplicationClient(client_id=client_id, scope="posts:read posts:write"))
if how == "basic":
    given = {"auth": HTTPBasicAuth(client_id, client_secret)}
else:
    given = {"client_id": client_id, "client_secret": client_secret, "include_client_id": True}
token = session.fetch_token(f"{issuer}/oauth/token", **given)

me = session.get(f"{issuer}/me")
created = session.post(f"{issuer}/posts", json={"title": "From Python", "body": "by a service"})
print(json.dumps({"token": token, "me": me.json(), "created": created.status_code}))
