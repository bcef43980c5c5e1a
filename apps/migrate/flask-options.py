# Prints what the installed Flask-JWT-Extended has: settings, functions, their arguments, callbacks. One name a line.
import inspect

import flask
import flask_jwt_extended as library

app = flask.Flask(__name__)
library.JWTManager(app)
names = [name for name in app.config if name.startswith("JWT_")]
for name, value in vars(library).items():
    if inspect.isfunction(value):
        names += [name, *(f"{name}.{argument}" for argument in inspect.signature(value).parameters)]
names.append("current_user")
for name, value in vars(library.JWTManager).items():
    if not name.startswith("_") and callable(value):
        names.append(f"jwt.{name}")
names += [f"JWTManager.{argument}" for argument in inspect.signature(library.JWTManager).parameters]
print("\n".join(sorted(names)))
