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
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
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
'--nick=[The name that your partner sees, for this conversation only]:NAME:_default' \
'--peer=[The name under which you see your partner; never sent]:NAME:_default' \
'--code-file=[Read the code from the first line of this file, or of standard input (\`-\`)]:FILE:_files' \
'--secret-file=[Read the check'\''s secret from the first line of this file, or of standard input (\`-\`)]:FILE:_files' \
'--network=[Tor, or this machine'\''s own sockets without anonymity]:NETWORK:((arti\:"Tor, through the client inside this program"
local\:"Sockets of this machine\: for trying things; no anonymity"))' \
'--tor-config=[A configuration for the Tor client, such as a test network'\''s. Relaxes its permission checks, and the program says so]:FILE:_files' \
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'(-c --join)-s[Serve\: propose a code and wait for the partner]' \
'(-c --join)--serve[Serve\: propose a code and wait for the partner]' \
'-c[Join\: type the code that the partner said]' \
'--join[Join\: type the code that the partner said]' \
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
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--network=[Tor, or this machine'\''s own sockets without anonymity]:NETWORK:((arti\:"Tor, through the client inside this program"
local\:"Sockets of this machine\: for trying things; no anonymity"))' \
'--tor-config=[A configuration for the Tor client, such as a test network'\''s. Relaxes its permission checks, and the program says so]:FILE:_files' \
'--local-name=[The name of the loopback network; ends with different names don'\''t see each other]:NAME:_default' \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--offline[Don'\''t look at the network]' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(licences)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
'--plain[Write lines instead of drawing a screen\: for pipes and screen readers]' \
'--json[Write one JSON object per line and read requests likewise; see docs/json]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--log=[Log to this file, or to \`stderr\`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, \`stderr\` must not be the terminal that it is drawn on]:FILE|stderr:_default' \
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
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
'--log-level=[How much to log]:LOG_LEVEL:((warn\:"Only what went wrong"
info\:"What happened"
debug\:"What happened inside"))' \
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
'chat:Talk to someone by a spoken code; everything stays in memory' \
'demo:Hold a conversation with a partner who answers, both ends on this machine' \
'doctor:Say what this machine has and lacks. Safe to paste in public' \
'licences:Show whose work is inside, and under which licence' \
'completions:Write completions for a shell to standard output' \
'man:Write the manual page to standard output' \
    )
    _describe -t commands 'undertone commands' commands "$@"
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

if [ "$funcstack[1]" = "_undertone" ]; then
    _undertone "$@"
else
    compdef _undertone undertone
fi
