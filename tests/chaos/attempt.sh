# One attempt: leaves a line in the file of its run when it begins, and one when it ends. Usage: attempt.sh SECONDS HOW
folder=$(dirname "$0")
file=$folder/events/$OSTINATO_RUN_ID
code=0
case $2:$OSTINATO_ATTEMPT in
flaky:1 | broken:*) code=1 ;;
esac
echo "start $OSTINATO_ATTEMPT $(date +%s.%N)" >>"$file"
sleep "$1"
if [ "$2:$OSTINATO_ATTEMPT" = long:1 ]; then
  while [ ! -e "$folder/released" ]; do sleep 0.1; done
fi
echo "end $OSTINATO_ATTEMPT $(date +%s.%N) $code" >>"$file"
exit $code
