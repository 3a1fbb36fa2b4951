#!/usr/bin/python3
"""A session manager, as far as a program asks for it: answers to its name on the session's bus. Each call is a line of JSON
on its output, [method, argument…]; each line of its input, "Signal flags", is sent to the program of this name.

    session_manager.py APPLICATION-ID
"""
import json
import sys

from gi.repository import Gio, GLib

INTERFACES = """
<node>
  <interface name="org.gnome.SessionManager">
    <method name="RegisterClient"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
    <method name="UnregisterClient"><arg type="o" direction="in"/></method>
    <method name="Inhibit">
      <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="u" direction="out"/>
    </method>
    <method name="Uninhibit"><arg type="u" direction="in"/></method>
    <method name="IsInhibited"><arg type="u" direction="in"/><arg type="b" direction="out"/></method>
  </interface>
  <interface name="org.gnome.SessionManager.ClientPrivate">
    <method name="EndSessionResponse"><arg type="b" direction="in"/><arg type="s" direction="in"/></method>
    <signal name="QueryEndSession"><arg type="u"/></signal>
    <signal name="EndSession"><arg type="u"/></signal>
    <signal name="Stop"/>
    <signal name="CancelEndSession"/>
  </interface>
</node>"""
CLIENT = "/org/gnome/SessionManager/Client1"
cookies = 0


def say(*what):
    print(json.dumps(what), flush=True)


def on_call(_bus, _sender, _path, _interface, method, parameters, invocation):
    global cookies
    answer = None
    say(method, *parameters.unpack())
    if method == "RegisterClient":
        name = parameters.unpack()[0]
        answer = GLib.Variant("(o)", (CLIENT if name == sys.argv[1] else "/org/gnome/SessionManager/Other",))
    elif method == "Inhibit":
        cookies += 1
        answer = GLib.Variant("(u)", (cookies,))
    elif method == "IsInhibited":
        answer = GLib.Variant("(b)", (False,))
    invocation.return_value(answer)


def on_line(channel, condition, bus):
    line = sys.stdin.readline()
    if not line:
        loop.quit()
        return False
    signal, *flags = line.split()
    values = GLib.Variant("(u)", (int(flags[0]),)) if flags else None
    bus.emit_signal(None, CLIENT, "org.gnome.SessionManager.ClientPrivate", signal, values)
    return True


loop = GLib.MainLoop()
session_bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
node = Gio.DBusNodeInfo.new_for_xml(INTERFACES)
session_bus.register_object("/org/gnome/SessionManager", node.interfaces[0], on_call, None, None)
session_bus.register_object(CLIENT, node.interfaces[1], on_call, None, None)
Gio.bus_own_name_on_connection(session_bus, "org.gnome.SessionManager", Gio.BusNameOwnerFlags.NONE, lambda *_: say("ready"), None)
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, on_line, session_bus)
loop.run()
