-- MySQL dump 10.13

DROP TABLE IF EXISTS `wp_wfHits`;
CREATE TABLE `wp_wfHits` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

LOCK TABLES `wp_wfHits` WRITE;
INSERT INTO `wp_wfHits` VALUES (1,1795410009.250000,1795410009.250000,0x00000000000000000000FFFFCB007105,0,403,0,0,0,'https://shop.example/?id=1&token=hunter2','','Mozilla/5.0 (it\'s, (a) test);','blocked:waf','SQL Injection in POST body: content','{\"learningMode\": 0, \"failedRules\": [\"59\", \"2\"], \"paramKey\": \"cmVxdWVzdC5ib2R5W2NvbnRlbnRd\", \"paramValue\": \"MScgT1IgMT0x\", \"category\": \"sqli\", \"ssl\": 1}'),(2,0.000000,1795410010.000000,0x00000000000000000000FFFFC6336407,1,200,0,0,1,'https://shop.example/blog/','https://shop.example/','Mozilla/5.0','','',''),(3,0.000000,1795410011.000000,0x20010DB8000000000000000000000009,0,200,0,0,0,'https://shop.example/wp-login.php','','curl/8','loginFailInvalidUsername',NULL,NULL);
UNLOCK TABLES;
