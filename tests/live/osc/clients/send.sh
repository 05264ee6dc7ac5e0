# liblo's tools, while this plays: genart live --feedback 127.0.0.1:9001
oscdump -L 9001 &                                              # prints every change
sleep 1                                                        # oscdump has to be listening
oscsend 127.0.0.1 9000 /genart/model/truncation f 0.25
oscsend 127.0.0.1 9000 /genart/cue/save s quiet
sleep 0.5                                                      # feedback is sent 30 times per second
oscsend 127.0.0.1 9000 /genart/model/truncation f 1
sleep 0.5
oscsend 127.0.0.1 9000 /genart/cue/recall s quiet
sleep 0.5
kill $!
