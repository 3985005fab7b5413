# One attempt: leaves a line in the file of its run when it begins, and one when it ends. Usage: attempt.sh SECONDS HOW
file=$(dirname "$0")/events/$OSTINATO_RUN_ID
code=0
seconds=$1
case $2:$OSTINATO_ATTEMPT in
flaky:1 | broken:*) code=1 ;;
long:1) ;;
long:*) seconds=0 ;;
esac
echo "start $OSTINATO_ATTEMPT $(date +%s.%N)" >>"$file"
sleep "$seconds"
echo "end $OSTINATO_ATTEMPT $(date +%s.%N) $code" >>"$file"
exit $code
