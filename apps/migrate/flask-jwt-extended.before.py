# A server as the documentation of Flask-JWT-Extended 4 shows one.
import os

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager, create_access_token, create_refresh_token, current_user, get_jwt, get_jwt_identity, jwt_required,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ.get("SECRET", "the secret of at least 32 bytes that signed them")
app.config["JWT_ENCODE_ISSUER"] = "https://login.acme.com"
app.config["JWT_ENCODE_AUDIENCE"] = "https://api.acme.com"
jwt = JWTManager(app)
users = {"test": {"id": "test", "plan": "pro"}}
blocklist = set()


@jwt.user_lookup_loader
def user_lookup(_header, data):
    return users.get(data["sub"])


@jwt.token_in_blocklist_loader
def is_revoked(_header, data):
    return data["jti"] in blocklist


@app.post("/login")
def login():
    if (request.json.get("username"), request.json.get("password")) != ("test", "test"):
        return jsonify(msg="Bad username or password"), 401
    access = create_access_token(identity="test", fresh=True, additional_claims={"plan": "pro"})
    return jsonify(access_token=access, refresh_token=create_refresh_token(identity="test"))


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(identity=get_jwt_identity(), fresh=False))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity(), plan=current_user["plan"])


@app.get("/greeting")
@jwt_required(optional=True)
def greeting():
    return jsonify(hello=get_jwt_identity() or "stranger")


@app.get("/danger")
@jwt_required(fresh=True)
def danger():
    return jsonify(done=True)


@app.route("/hook", methods=["POST", "OPTIONS"])
@jwt_required()
def hook():
    return jsonify(done=True)


@app.post("/logout")
@jwt_required()
def logout():
    blocklist.add(get_jwt()["jti"])
    return "", 204


app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "3000")))
