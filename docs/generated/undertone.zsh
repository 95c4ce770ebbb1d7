#compdef undertone

autoload -U is-at-least

_undertone() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_undertone_commands" \
"*::: :->undertone" \
&& ret=0
    case $state in
    (undertone)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-command-$line[1]:"
        case $line[1] in
            (chat)
_arguments "${_arguments_options[@]}" : \
'(-c --join --keep)-w+[Go on with a contact that lasts\: the name under which you see them, or their id]:NAME:_default' \
'(-c --join --keep)--with=[Go on with a contact that lasts\: the name under which you see them, or their id]:NAME:_default' \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--nick=[The name that your partner sees, for this conversation only]:NAME:_default' \
'--peer=[The name under which you see your partner; never sent]:NAME:_default' \
'--code-file=[Read the code from the first line of this file, or of standard input (\`-\`)]:FILE:_files' \
'--secret-file=[Read the check'\''s secret from the first line of this file, or of standard input (\`-\`)]:FILE:_files' \
'--network=[Tor, or this machine'\''s own sockets without anonymity \[default\: arti\]]:NETWORK:((arti\:"Tor, through the client inside this program"
local\:"Sockets of this machine\: for trying things; no anonymity"))' \
'--tor-config=[A configuration for the Tor client, such as a test network'\''s. Relaxes its permission checks, and the program says so]:FILE:_files' \
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other \[default\: default\]]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(-c --join -w --with)-s[Serve\: propose a code and wait for the partner]' \
'(-c --join -w --with)--serve[Serve\: propose a code and wait for the partner]' \
'-c[Join\: type the code that the partner said]' \
'--join[Join\: type the code that the partner said]' \
'--keep[Keep what comes of it in a lasting profile\: the contact is there the next time]' \
'(--keep -w --with --profile)--ephemeral[Keep nothing\: all of it in memory, gone when the program ends. So it is with a code and without \`--keep\` anyway; alone it begins with the choice of who says the code]' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'(--no-smp)--smp[Run the Socialist Millionaire check before the conversation]' \
'--no-smp[Don'\''t ask for the check; it still runs if the partner wants it]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--script=[Send each line of this file, or of standard input (\`-\`), print both sides'\'' events as JSON lines, and fail if a line was not delivered]:FILE|-:_files' \
'--network=[Tor, or this machine'\''s own sockets without anonymity]:NETWORK:((arti\:"Tor, through the client inside this program"
local\:"Sockets of this machine\: for trying things; no anonymity"))' \
'--tor-config=[A configuration for the Tor client, such as a test network'\''s. Relaxes its permission checks, and the program says so]:FILE:_files' \
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other \[default\: default\]]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--network=[Tor, or this machine'\''s own sockets without anonymity \[default\: arti\]]:NETWORK:((arti\:"Tor, through the client inside this program"
local\:"Sockets of this machine\: for trying things; no anonymity"))' \
'--tor-config=[A configuration for the Tor client, such as a test network'\''s. Relaxes its permission checks, and the program says so]:FILE:_files' \
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other \[default\: default\]]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--offline[Don'\''t look at the network]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(profile)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__profile_commands" \
"*::: :->profile" \
&& ret=0

    case $state in
    (profile)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-profile-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(new)
_arguments "${_arguments_options[@]}" : \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- What you call it; local, never sent:_default' \
&& ret=0
;;
(password)
_arguments "${_arguments_options[@]}" : \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'(--new-fd --new-none)--new-file=[The new password is the first line of this file]:FILE:_files' \
'(--new-none)--new-fd=[The new password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--new-none[Do without one\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Of which profile; without it, that which was used last:_default' \
&& ret=0
;;
(destroy)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Which profile:_default' \
&& ret=0
;;
(path)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Which profile; without it, that which was used last:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(contact)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__contact_commands" \
"*::: :->contact" \
&& ret=0

    case $state in
    (contact)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-contact-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(delete)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':contact -- Which contact\: the name under which you see them, or the id that `contact list` shows:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(request)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__request_commands" \
"*::: :->request" \
&& ret=0

    case $state in
    (request)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-request-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
        esac
    ;;
esac
;;
(address)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(message)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__message_commands" \
"*::: :->message" \
&& ret=0

    case $state in
    (message)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-message-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':contact -- Which contact\: the name under which you see them, or the id that `contact list` shows:_default' \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':contact -- Which contact\: the name under which you see them, or the id that `contact list` shows:_default' \
':file -- Where to:_files' \
&& ret=0
;;
(search)
_arguments "${_arguments_options[@]}" : \
'--limit=[How many messages at most]:NUMBER:_default' \
'-C+[So many messages before and after each that was found, from its conversation]:NUMBER:_default' \
'--context=[So many messages before and after each that was found, from its conversation]:NUMBER:_default' \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::words -- What to find:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(backup)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__backup_commands" \
"*::: :->backup" \
&& ret=0

    case $state in
    (backup)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-backup-command-$line[1]:"
        case $line[1] in
            (create)
_arguments "${_arguments_options[@]}" : \
'--passphrase-file=[The passphrase of the backup is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase of the backup is the next line of this open file descriptor]:NUMBER:_default' \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--no-history[Without messages, drafts and what waits to be sent\: contacts alone]' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':file -- Where it goes; never in place of another file:_files' \
&& ret=0
;;
(restore)
_arguments "${_arguments_options[@]}" : \
'--passphrase-file=[The passphrase of the backup is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase of the backup is the next line of this open file descriptor]:NUMBER:_default' \
'--profile=[Which lasting profile; without it, that of the settings, or that which was used last]:NAME:_default' \
'--password-file=[The password is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--password-file)--password-fd=[The password is the next line of this open file descriptor]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--password-file --password-fd)--no-password[There is no password\: whoever can read the files of the profile can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':file -- The backup:_files' \
&& ret=0
;;
        esac
    ;;
esac
;;
(config)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--example[Write a file with every setting, its default and what it may be, as comments]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(ratchet)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__ratchet_commands" \
"*::: :->ratchet" \
&& ret=0

    case $state in
    (ratchet)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-ratchet-command-$line[1]:"
        case $line[1] in
            (init)
_arguments "${_arguments_options[@]}" : \
'--peer=[The card that your partner gave you (\`-\`\: standard input)]:FILE|-:_files' \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- What you call your partner:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(encrypt)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--armor[Write lines of text instead of bytes, for mail and the clipboard]' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- For whom:_default' \
&& ret=0
;;
(decrypt)
_arguments "${_arguments_options[@]}" : \
'--output=[Write to this file, which appears when everything was found to be whole]:FILE:_files' \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- From whom:_default' \
&& ret=0
;;
(pipe)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- With whom:_default' \
'*::carrier -- The program that carries bytes, with its arguments:_default' \
&& ret=0
;;
(fingerprint)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--compare[Compare it with the first line of standard input, and remember that it is the same]' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Of which conversation:_default' \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
'--to=[The database to make]:FILE:_files' \
'--to-passphrase-file=[The passphrase of that database is the first line of this file. Without this it is that of this database]:FILE:_files' \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Which conversation:_default' \
&& ret=0
;;
(delete)
_arguments "${_arguments_options[@]}" : \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--yes[Yes, for good]' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Which conversation:_default' \
&& ret=0
;;
(passphrase)
_arguments "${_arguments_options[@]}" : \
'(--new-none)--new-file=[The new passphrase is the first line of this file]:FILE:_files' \
'--db=[The database with your conversations \[default\: ratchet.db in \$UNDERTONE_HOME, or in undertone under \$XDG_DATA_HOME\]]:FILE:_files' \
'--passphrase-file=[The passphrase is the first line of this file. Without this it is asked for on the terminal]:FILE:_files' \
'(--passphrase-file)--passphrase-fd=[The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on]:NUMBER:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--new-none[Do without one\: whoever can read the files of the database can read everything]' \
'(--passphrase-file --passphrase-fd)--no-passphrase[The database has no passphrase\: whoever can read its files can read everything]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
        esac
    ;;
esac
;;
(otr)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_undertone__subcmd__otr_commands" \
"*::: :->otr" \
&& ret=0

    case $state in
    (otr)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:undertone-otr-command-$line[1]:"
        case $line[1] in
            (talk)
_arguments "${_arguments_options[@]}" : \
'--listen=[Wait for a connection at a port of this machine, such as 5000 or \[\:\:1\]\:5000; with 0, at any port, which is said]:[ADDRESS:]PORT:_default' \
'--connect=[Connect to a port of this machine]:[ADDRESS:]PORT:_default' \
'*--pipes=[Read lines from one named pipe or open file (/dev/fd/3) and write them to another]:FROM:_files:FROM:_files' \
'*--versions=[Versions that are spoken, such as 4 or 2,3,4 \[default\: 3,4\]. The highest that both ends speak is taken]:LIST:_default' \
'--policy=[What happens without being asked]:POLICY:((require\:"Nothing leaves in the clear; the first text asks for a private conversation, and waits"
always\:"Nothing leaves in the clear, and offers of the other end are taken"
manual\:"Text leaves in the clear until somebody asks for a private conversation (/otr)"
opportunistic\:"The same, and offers are made and taken by invisible marks behind a text"
never\:"OTR is off\: everything is text in the clear"))' \
'--max-line=[The longest line that the carrier takes, in bytes\: longer messages go in pieces]:BYTES:_default' \
'--key=[Take a key from this file of private keys of libotr (otr.private_key). Without it a fresh one is made and forgotten at the end]:FILE:_files' \
'--account=[The account whose key it is, where the file has several]:NAME:_default' \
'--our-name=[Your name on the carrier, which version 4 signs\: both programs must have the same, such as ana@example.net. Two of this program need none]:NAME:_default' \
'--their-name=[The other end'\''s name on the carrier, exactly as its program has it]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--stdio[Standard input and output carry lines; you type at the terminal]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::command -- A program whose standard input and output carry lines, with its arguments:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(licences)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':shell -- Which shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log \[default\: info\]]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--config=[Read the settings from this file \[default\: config.toml in \$UNDERTONE_HOME, or in undertone under \$XDG_CONFIG_HOME\]]:FILE:_files' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
        esac
    ;;
esac
}

(( $+functions[_undertone_commands] )) ||
_undertone_commands() {
    local commands; commands=(
'chat:Talk to someone by a spoken code\: all in memory, or kept in a lasting profile' \
'demo:Hold a conversation with a partner who answers, both ends on this machine' \
'doctor:Say what this machine has and lacks. Safe to paste in public' \
'profile:Make, list and destroy lasting profiles, and change their passwords' \
'contact:List the contacts that a lasting profile keeps' \
'request:List the requests that a lasting profile keeps' \
'address:Say the address at which others can ask a lasting profile for a conversation' \
'message:Print or search what a lasting profile keeps of conversations' \
'backup:Write a lasting profile to one file, and make a profile of it again' \
'config:Show each setting and where it was said\: option, environment, file or default' \
'ratchet:Encrypt messages, files and pipes end to end, over whatever carries bytes' \
'otr:Talk with other programs by Off-the-Record messaging' \
'licences:Show whose work is inside, and under which licence' \
'completions:Write completions for a shell to standard output' \
'man:Write the manual page to standard output' \
    )
    _describe -t commands 'undertone commands' commands "$@"
}
(( $+functions[_undertone__subcmd__address_commands] )) ||
_undertone__subcmd__address_commands() {
    local commands; commands=()
    _describe -t commands 'undertone address commands' commands "$@"
}
(( $+functions[_undertone__subcmd__backup_commands] )) ||
_undertone__subcmd__backup_commands() {
    local commands; commands=(
'create:Write a profile to one file, under a passphrase of its own' \
'restore:Make a new profile of a backup, on this machine or another' \
    )
    _describe -t commands 'undertone backup commands' commands "$@"
}
(( $+functions[_undertone__subcmd__backup__subcmd__create_commands] )) ||
_undertone__subcmd__backup__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'undertone backup create commands' commands "$@"
}
(( $+functions[_undertone__subcmd__backup__subcmd__restore_commands] )) ||
_undertone__subcmd__backup__subcmd__restore_commands() {
    local commands; commands=()
    _describe -t commands 'undertone backup restore commands' commands "$@"
}
(( $+functions[_undertone__subcmd__chat_commands] )) ||
_undertone__subcmd__chat_commands() {
    local commands; commands=()
    _describe -t commands 'undertone chat commands' commands "$@"
}
(( $+functions[_undertone__subcmd__completions_commands] )) ||
_undertone__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'undertone completions commands' commands "$@"
}
(( $+functions[_undertone__subcmd__config_commands] )) ||
_undertone__subcmd__config_commands() {
    local commands; commands=()
    _describe -t commands 'undertone config commands' commands "$@"
}
(( $+functions[_undertone__subcmd__contact_commands] )) ||
_undertone__subcmd__contact_commands() {
    local commands; commands=(
'list:List the contacts of a profile, the one with the newest message first' \
'delete:Delete a contact with all that was said, so that not even the decrypted files have it' \
    )
    _describe -t commands 'undertone contact commands' commands "$@"
}
(( $+functions[_undertone__subcmd__contact__subcmd__delete_commands] )) ||
_undertone__subcmd__contact__subcmd__delete_commands() {
    local commands; commands=()
    _describe -t commands 'undertone contact delete commands' commands "$@"
}
(( $+functions[_undertone__subcmd__contact__subcmd__list_commands] )) ||
_undertone__subcmd__contact__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'undertone contact list commands' commands "$@"
}
(( $+functions[_undertone__subcmd__demo_commands] )) ||
_undertone__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'undertone demo commands' commands "$@"
}
(( $+functions[_undertone__subcmd__doctor_commands] )) ||
_undertone__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'undertone doctor commands' commands "$@"
}
(( $+functions[_undertone__subcmd__licences_commands] )) ||
_undertone__subcmd__licences_commands() {
    local commands; commands=()
    _describe -t commands 'undertone licences commands' commands "$@"
}
(( $+functions[_undertone__subcmd__man_commands] )) ||
_undertone__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'undertone man commands' commands "$@"
}
(( $+functions[_undertone__subcmd__message_commands] )) ||
_undertone__subcmd__message_commands() {
    local commands; commands=(
'list:Print what was said with a contact, oldest first' \
'export:Write what was said with a contact to a file that anybody can read' \
'search:Find words in all conversations, the newest message first' \
    )
    _describe -t commands 'undertone message commands' commands "$@"
}
(( $+functions[_undertone__subcmd__message__subcmd__export_commands] )) ||
_undertone__subcmd__message__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'undertone message export commands' commands "$@"
}
(( $+functions[_undertone__subcmd__message__subcmd__list_commands] )) ||
_undertone__subcmd__message__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'undertone message list commands' commands "$@"
}
(( $+functions[_undertone__subcmd__message__subcmd__search_commands] )) ||
_undertone__subcmd__message__subcmd__search_commands() {
    local commands; commands=()
    _describe -t commands 'undertone message search commands' commands "$@"
}
(( $+functions[_undertone__subcmd__otr_commands] )) ||
_undertone__subcmd__otr_commands() {
    local commands; commands=(
'talk:Talk with another program that speaks OTR, over lines of text' \
    )
    _describe -t commands 'undertone otr commands' commands "$@"
}
(( $+functions[_undertone__subcmd__otr__subcmd__talk_commands] )) ||
_undertone__subcmd__otr__subcmd__talk_commands() {
    local commands; commands=()
    _describe -t commands 'undertone otr talk commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile_commands] )) ||
_undertone__subcmd__profile_commands() {
    local commands; commands=(
'list:List the profiles of this machine' \
'new:Make a profile' \
'password:Put another password in place of the present one' \
'destroy:Destroy a profile\: its key first, then everything in it' \
'path:Show the folder that a profile is in' \
    )
    _describe -t commands 'undertone profile commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile__subcmd__destroy_commands] )) ||
_undertone__subcmd__profile__subcmd__destroy_commands() {
    local commands; commands=()
    _describe -t commands 'undertone profile destroy commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile__subcmd__list_commands] )) ||
_undertone__subcmd__profile__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'undertone profile list commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile__subcmd__new_commands] )) ||
_undertone__subcmd__profile__subcmd__new_commands() {
    local commands; commands=()
    _describe -t commands 'undertone profile new commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile__subcmd__password_commands] )) ||
_undertone__subcmd__profile__subcmd__password_commands() {
    local commands; commands=()
    _describe -t commands 'undertone profile password commands' commands "$@"
}
(( $+functions[_undertone__subcmd__profile__subcmd__path_commands] )) ||
_undertone__subcmd__profile__subcmd__path_commands() {
    local commands; commands=()
    _describe -t commands 'undertone profile path commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet_commands] )) ||
_undertone__subcmd__ratchet_commands() {
    local commands; commands=(
'init:Begin a conversation\: write a card for your partner, or answer theirs' \
'list:List the conversations' \
'encrypt:Encrypt standard input to standard output' \
'decrypt:Decrypt standard input to standard output. Works once for each message' \
'pipe:Talk both ways over a program that carries bytes, such as nc, socat or ssh' \
'fingerprint:Show the fingerprint of a conversation\: the same at both ends, if nobody is between' \
'export:Move a conversation to a database of its own, for another machine' \
'delete:Erase a conversation with its keys. What arrives for it later can'\''t be read' \
'passphrase:Put another passphrase in place of the present one' \
    )
    _describe -t commands 'undertone ratchet commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__decrypt_commands] )) ||
_undertone__subcmd__ratchet__subcmd__decrypt_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet decrypt commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__delete_commands] )) ||
_undertone__subcmd__ratchet__subcmd__delete_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet delete commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__encrypt_commands] )) ||
_undertone__subcmd__ratchet__subcmd__encrypt_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet encrypt commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__export_commands] )) ||
_undertone__subcmd__ratchet__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet export commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__fingerprint_commands] )) ||
_undertone__subcmd__ratchet__subcmd__fingerprint_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet fingerprint commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__init_commands] )) ||
_undertone__subcmd__ratchet__subcmd__init_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet init commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__list_commands] )) ||
_undertone__subcmd__ratchet__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet list commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__passphrase_commands] )) ||
_undertone__subcmd__ratchet__subcmd__passphrase_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet passphrase commands' commands "$@"
}
(( $+functions[_undertone__subcmd__ratchet__subcmd__pipe_commands] )) ||
_undertone__subcmd__ratchet__subcmd__pipe_commands() {
    local commands; commands=()
    _describe -t commands 'undertone ratchet pipe commands' commands "$@"
}
(( $+functions[_undertone__subcmd__request_commands] )) ||
_undertone__subcmd__request_commands() {
    local commands; commands=(
'list:List the requests that came to a profile and those of its own, oldest first' \
    )
    _describe -t commands 'undertone request commands' commands "$@"
}
(( $+functions[_undertone__subcmd__request__subcmd__list_commands] )) ||
_undertone__subcmd__request__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'undertone request list commands' commands "$@"
}

if [ "$funcstack[1]" = "_undertone" ]; then
    _undertone "$@"
else
    compdef _undertone undertone
fi
