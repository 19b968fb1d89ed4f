package lab;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.io.File;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.catalina.startup.Tomcat;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

/**
 * HAPI FHIR's JPA server (R4) as a peer for benchmarks: PostgreSQL, its own defaults but for
 * what is stated below. Arguments: port, JDBC URL, user.
 */
public class Peer {
  static String url, user;

  @Configuration
  @EnableTransactionManagement
  @Import({JpaR4Config.class, HapiJpaConfig.class, JpaBatch2Config.class, ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig.class, ThreadPoolFactoryConfig.class,
    SubscriptionChannelConfig.class, SubscriptionSubmitterConfig.class})
  public static class Config {
    @Bean
    public JpaStorageSettings storageSettings() {
      JpaStorageSettings s = new JpaStorageSettings();
      s.setEnforceReferentialIntegrityOnWrite(false); // bundles refer to practitioners of another bundle
      s.setHibernateSearchIndexFullText(false); // neither has the other side
      return s;
    }

    @Bean
    public PartitionSettings partitionSettings() { return new PartitionSettings(); }

    @Bean
    public SubscriptionSettings subscriptionSettings() { return new SubscriptionSettings(); }

    @Bean
    public DataSource dataSource() {
      HikariConfig c = new HikariConfig();
      c.setJdbcUrl(url);
      c.setUsername(user);
      c.setMaximumPoolSize(20);
      return new HikariDataSource(c);
    }

    @Bean
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(ConfigurableListableBeanFactory beans, FhirContext context, DataSource data, JpaStorageSettings settings) {
      LocalContainerEntityManagerFactoryBean f = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, settings);
      f.setPersistenceUnitName("peer");
      f.setDataSource(data);
      Properties p = new Properties();
      p.put("hibernate.dialect", HapiFhirPostgresDialect.class.getName());
      p.put("hibernate.hbm2ddl.auto", "update");
      p.put("hibernate.jdbc.batch_size", "30");
      p.put("hibernate.order_inserts", "true");
      p.put("hibernate.order_updates", "true");
      p.put("hibernate.cache.use_query_cache", "false");
      p.put("hibernate.cache.use_second_level_cache", "false");
      p.put("hibernate.search.enabled", "false");
      f.setJpaProperties(p);
      return f;
    }

    @Primary
    @Bean
    public JpaTransactionManager transactionManager(EntityManagerFactory f) {
      JpaTransactionManager m = new JpaTransactionManager();
      m.setEntityManagerFactory(f);
      return m;
    }
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    url = args[1];
    user = args[2];
    AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext(Config.class);
    FhirContext context = spring.getBean(FhirContext.class);
    RestfulServer server = new RestfulServer(context);
    ResourceProviderFactory providers = spring.getBean("myResourceProvidersR4", ResourceProviderFactory.class);
    server.registerProviders(providers.createProviders());
    server.registerProvider(spring.getBean("mySystemProviderR4", JpaSystemProvider.class));
    server.setPagingProvider(spring.getBean(DatabaseBackedPagingProvider.class));
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(new File(System.getProperty("java.io.tmpdir"), "peer-" + port).getPath());
    tomcat.setPort(port);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setMaxPostSize(-1);
    var web = tomcat.addContext("", null);
    Tomcat.addServlet(web, "fhir", server);
    web.addServletMappingDecoded("/fhir/*", "fhir");
    tomcat.start();
    System.out.println("ready");
    tomcat.getServer().await();
  }
}
