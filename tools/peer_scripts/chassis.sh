#!/bin/sh
# What ipmi_sim calls as its machine: chassis.sh DIRECTORY NAME MC get|set WHAT [VALUE]...
#
# DIRECTORY/fault names what is wrong with it, DIRECTORY/hook what really switches the machine
# (HOOK on|off|get NAME); without a hook the power is a word in DIRECTORY/power.
directory=$1 name=$2 verb=$4
shift 4
echo "$verb $*" >> "$directory/received"
fault=$(cat "$directory/fault")
hook=$(cat "$directory/hook")

power() {
    if [ -n "$hook" ]; then
        $hook "$1" "$name"
    elif [ "$1" = get ]; then
        cat "$directory/power"
    else
        echo "$1" > "$directory/power.new" && mv "$directory/power.new" "$directory/power"
    fi
}

if [ "$verb" = get ]; then
    case $fault in
        lie) state=on ;;
        *) state=$(power get) || exit 1 ;;
    esac
    for what in "$@"; do
        case $what in
            power) if [ "$state" = on ]; then echo power:1; else echo power:0; fi ;;
            boot) echo boot:default ;;
            *) echo "$what:0" ;;
        esac
    done
    exit 0
fi

case $fault in
    refuse) echo refused >&2; exit 1 ;;
    stuck) exit 0 ;;
esac
while [ $# -gt 1 ]; do
    case $1$2 in
        power1) state=on ;;
        power0 | shutdown*) state=off ;;
        reset*) state=on ;;
        *) state= ;;
    esac
    if [ -n "$state" ]; then
        case $fault in
            slow)
                due=$directory/due.$$  # taken away by who sets the power behind the device
                : > "$due"
                (sleep 2; rm "$due" && power "$state") > /dev/null 2>&1 &
                ;;
            *) power "$state" > /dev/null || exit 1 ;;
        esac
    fi
    shift 2
done
