# tests/testlib/agent_main.py - a process that makes the GSS calls it is told
# SPDX-License-Identifier: BSD-2-Clause
"""Runs with the rights and the environment of an application.  Reads a JSON
object a line: {"call": NAME, ...}; answers with one, in which octets are hex.
It loads libgssapi only by dlopen(), as scripting languages and PAM do."""

import json
import os
import sys

import gssapi
import gssapi.raw as raw

FLAGS = {name: getattr(raw.RequirementFlag, attribute) for name, attribute in {
    "mutual": "mutual_authentication",
    "replay": "replay_detection",
    "sequence": "out_of_sequence_detection",
    "confidentiality": "confidentiality",
    "integrity": "integrity",
    "delegate": "delegate_to_peer",
    "anonymous": "anonymity",
}.items()}
MECHANISMS = {
    "krb5": "1.2.840.113554.1.2.2",
    "spnego": "1.3.6.1.5.5.2",
    "trustrealm": os.environ.get("TR_OID_ARC", "1.2.3") + ".1.1",
}

contexts = {}
kept = []


def option_oid(number):
    return raw.OID.from_int_seq("%s.2.%d" % (os.environ["TR_OID_ARC"],
                                             number))


def call_init(id, target, mech="krb5", flags=("mutual", "replay", "sequence",
              "confidentiality", "integrity"), bits=0, label=None):
    name = raw.import_name(target.encode(), raw.NameType.hostbased_service)
    oid = raw.OID.from_int_seq(MECHANISMS[mech])
    wanted = bits
    for flag in flags:
        wanted |= int(FLAGS[flag])
    cred = None
    if label is not None:
        cred = raw.acquire_cred(None, mechs=[oid], usage="initiate").creds
        raw.set_cred_option(option_oid(10), cred, label.encode())
    contexts[id] = {"target": name, "mech": oid, "flags": wanted,
                    "cred": cred, "context": None}
    return step(contexts[id], None)


def step(state, token):
    result = raw.init_sec_context(
        state["target"], creds=state["cred"], context=state["context"],
        mech=state["mech"], flags=state["flags"], input_token=token)
    state["context"] = result.context
    return {"token": hexadecimal(result.token), "more": result.more_steps}


def call_step(id, token):
    return step(contexts[id], bytes.fromhex(token))


def call_accept(id, token):
    state = contexts.setdefault(id, {"context": None})
    result = raw.accept_sec_context(bytes.fromhex(token),
                                    context=state["context"])
    state["context"] = result.context
    return {"token": hexadecimal(result.token), "more": result.more_steps,
            "flags": int(result.flags),
            "client": raw.display_name(result.initiator_name).name.decode()}


def call_wrap(id, message, conf=True):
    result = raw.wrap(contexts[id]["context"], bytes.fromhex(message), conf)
    return {"token": hexadecimal(result.message)}


def call_unwrap(id, token):
    result = raw.unwrap(contexts[id]["context"], bytes.fromhex(token))
    return {"message": hexadecimal(result.message), "conf": result.encrypted}


def call_mic(id, message):
    return {"token": hexadecimal(raw.get_mic(contexts[id]["context"],
                                             bytes.fromhex(message)))}


def call_verify(id, message, token):
    raw.verify_mic(contexts[id]["context"], bytes.fromhex(message),
                   bytes.fromhex(token))
    return {}


def call_unwrap_stream(id, token):
    kind = raw.IOVBufferType
    buffers = raw.IOV((kind.stream, False, bytes.fromhex(token)),
                      (kind.data, False, None), std_layout=False)
    # The message lies in the stream; python-gssapi would free it by itself.
    kept.append(buffers)
    result = raw.unwrap_iov(contexts[id]["context"], buffers)
    return {"message": hexadecimal(buffers[1].value),
            "conf": result.encrypted}


def call_unwrap_parts(id, header, data, trailer):
    kind = raw.IOVBufferType
    buffers = raw.IOV((kind.header, False, bytes.fromhex(header)),
                      (kind.data, False, bytes.fromhex(data)),
                      (kind.trailer, False, bytes.fromhex(trailer)),
                      std_layout=False)
    result = raw.unwrap_iov(contexts[id]["context"], buffers)
    return {"message": hexadecimal(buffers[1].value),
            "conf": result.encrypted}


def call_wrap_parts(id, message, conf=True):
    kind = raw.IOVBufferType
    buffers = raw.IOV(kind.header, (kind.data, bytes.fromhex(message)),
                      kind.trailer, std_layout=False)
    raw.wrap_iov(contexts[id]["context"], buffers, conf)
    return {"parts": [hexadecimal(part.value or b"") for part in buffers]}


def call_verify_iov(id, message, token):
    kind = raw.IOVBufferType
    buffers = raw.IOV((kind.data, False, bytes.fromhex(message)),
                      (kind.mic_token, False, bytes.fromhex(token)),
                      std_layout=False)
    raw.verify_mic_iov(contexts[id]["context"], buffers)
    return {}


def call_set_label(id, label):
    raw.set_sec_context_option(option_oid(9),
                               context=contexts[id]["context"],
                               value=label.encode())
    return {}


def call_inquire(id, number):
    values = raw.inquire_sec_context_by_oid(contexts[id]["context"],
                                            option_oid(number))
    return {"values": [v.decode() for v in values]}


def call_forget(id):
    contexts.pop(id, None)
    return {}


def call_pid():
    return {"pid": os.getpid()}


def hexadecimal(octets):
    return None if octets is None else octets.hex()


def main():
    for line in sys.stdin:
        request = json.loads(line)
        function = globals()["call_" + request.pop("call")]
        try:
            answer = function(**request)
        except gssapi.exceptions.GSSError as error:
            answer = {"error": str(error), "major": error.maj_code,
                      "minor": error.min_code,
                      "token": hexadecimal(getattr(error, "token", None))}
        print(json.dumps(answer), flush=True)


main()
os._exit(0)
